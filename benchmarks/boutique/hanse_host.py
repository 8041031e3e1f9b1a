"""A host of the boutique: the services named in BENCH_SERVICES, the others where their socket is.

Everything is on that a host has on in production: spans and their store, metrics, limits, leases.
"""

import importlib
import os
from pathlib import Path

from benchmarks.data.hanse_contacts.entity import database
from hanse import BrokerConfig, Host, HostConfig, Secret
from hanse.mail import MailConfig
from hanse.runtime.project.serving import serve
from hanse.runtime.wiring import wants_broker, wants_database

SERVICES = {
    "ad": ("boutique_ad.service", "Ads", "ad.v1.Ads"),
    "cart": ("boutique_cart.service", "Carts", "cart.v1.Carts"),
    "catalog": ("boutique_catalog.service", "Catalog", "catalog.v1.Catalog"),
    "checkout": ("boutique_checkout.service", "Checkout", "checkout.v1.Checkout"),
    "currency": ("boutique_currency.service", "Currencies", "currencies.v1.Currencies"),
    "email": ("boutique_email.service", "Emails", "email.v1.Emails"),
    "payment": ("boutique_payment.service", "Payments", "payment.v1.Payments"),
    "recommendation": (
        "boutique_recommendation.service",
        "Recommendations",
        "recommendation.v1.Recommendations",
    ),
    "shipping": ("boutique_shipping.service", "Shipping", "shipping.v1.Shipping"),
    "storefront": ("boutique_storefront.service", "Storefront", ""),
}
SOCKETS = Path(os.environ.get("BENCH_SOCKETS", "."))


def host(names: list[str]) -> Host:
    """A host of these services. The storefront's answers on BENCH_PORT."""
    classes = [
        getattr(importlib.import_module(SERVICES[name][0]), SERVICES[name][1]) for name in names
    ]
    elsewhere = {
        full_name: (f"unix:{SOCKETS / name}.sock",)
        for name, (_, _, full_name) in SERVICES.items()
        if name not in names and full_name
    }
    front = "storefront" in names
    broker = BrokerConfig(url=Secret(os.environ["BENCH_NATS"]))
    config = HostConfig(
        name=names[-1],
        port=int(os.environ["BENCH_PORT"]) if front else None,
        socket=None if front else SOCKETS / f"{names[0]}.sock",
        directory=elsewhere,
        trace_folder=SOCKETS / f"{names[0]}-traces",
        database=database() if wants_database(classes) else None,
        broker=broker if wants_broker(classes) else None,
        mail=MailConfig(),  # names no server: letters are kept
    )
    return Host(classes, config)


if __name__ == "__main__":
    serve(host(os.environ["BENCH_SERVICES"].split()), lambda: None)  # as hanse run and hanse up do
