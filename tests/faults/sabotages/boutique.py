"""What the boutique promises who buys there, and is broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

CARTS = "cart/tests/test_carts.py::"
PAYMENTS = "payment/tests/test_payments.py::"

BOUTIQUE = below("examples/boutique",
    Sabotage("no digit of a card is shown", "payment/boutique_payment/api.py",
             'return "Card(***)"', "return self.number",
             PAYMENTS + "test_no_digit_of_a_card_is_shown"),
    Sabotage("an order's letter quotes nothing as HTML", "email/boutique_email/letter.py",
             "autoescape=True", "autoescape=False",
             "email/tests/test_emails.py::"
             "test_a_confirmation_says_what_was_bought_what_it_cost_and_where_it_goes"),
    Sabotage("a charge is not tried twice", "payment/boutique_payment/api.py",
             "CardExpired))", "CardExpired), idempotent=True)",
             "tests/test_boutique.py::test_nothing_that_does_something_is_tried_twice"),
    Sabotage("two clicks buy once", "checkout/boutique_checkout/purchases.py",
             "if cart in self._under_way", "if False",
             "checkout/tests/test_checkout.py::test_two_clicks_buy_and_charge_once"),
    Sabotage("money has one sign", "currency/boutique_currency/money.py",
             "self.units * self.nanos < 0", "False",
             "currency/tests/test_money.py::"
             "test_money_of_two_signs_is_refused_wherever_it_comes_from"),
    Sabotage("the oldest cart is forgotten", "cart/boutique_cart/service.py",
             "popitem(last=False)", "popitem()",
             CARTS + "test_the_cart_nobody_touched_for_longest_is_forgotten"),
    Sabotage("a cart is bounded", "cart/boutique_cart/rules.py",
             "len(quantities) > ITEMS_MAX", "False",
             CARTS + "test_a_cart_holds_so_many_products_and_no_more"),
    Sabotage("a card is good to the end of its month", "payment/boutique_payment/rules.py",
             "(year, month) < (now.year, now.month)", "(year, month) <= (now.year, now.month)",
             PAYMENTS + "test_a_card_is_good_to_the_end_of_its_month"),
)  # fmt: skip
