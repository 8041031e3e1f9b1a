"""What a euro is worth: reference rates of the European Central Bank for 28 June 2024.

A shop that sells for real money asks for new ones every working day; these stand still, so that
every price of the example can be worked out by hand.
"""

_DIGITS = 5  # after the point, at most, in what the bank publishes

_A_EURO = {
    "AUD": "1.6079", "BGN": "1.9558", "BRL": "5.8915", "CAD": "1.4670", "CHF": "0.9634",
    "CNY": "7.7748", "CZK": "25.025", "DKK": "7.4575", "EUR": "1", "GBP": "0.84638",
    "HKD": "8.3594", "HUF": "395.10", "IDR": "17487.21", "ILS": "4.0200", "INR": "89.2495",
    "ISK": "148.90", "JPY": "171.94", "KRW": "1474.86", "MXN": "19.5654", "MYR": "5.0501",
    "NOK": "11.3965", "NZD": "1.7601", "PHP": "62.560", "PLN": "4.3090", "RON": "4.9773",
    "SEK": "11.3595", "SGD": "1.4513", "THB": "39.319", "TRY": "35.1868", "USD": "1.0705",
    "ZAR": "19.4970",
}  # fmt: skip


def _whole(rate: str) -> int:
    """A rate in hundred-thousandths, so that no float ever touches money."""
    units, _, rest = rate.partition(".")
    return int(units + rest.ljust(_DIGITS, "0"))


RATES = {code: _whole(rate) for code, rate in _A_EURO.items()}
"""By currency: hundred-thousandths of it that one euro buys."""

WITHOUT_CENTS = frozenset({"ISK", "JPY", "KRW"})
"""Currencies whose unit is their smallest coin (ISO 4217, minor unit 0); others have hundredths."""
