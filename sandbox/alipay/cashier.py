"""What my.tradePay does on the buyer's phone. 收银台"""

from sandbox.alipay.notices import announce_trade
from sandbox.alipay.trades import find_trade
from sandbox.city import Person
from sandbox.clock import stamp
from sandbox.world import World


def pay(world: World, person: Person, trade_no: str) -> str:
    """Pay if it can be; the resultCode. 9000 is paid, 4000 is not."""
    with world.book.together():
        trade = find_trade(world, None, trade_no=trade_no) if trade_no else None
        if trade is None or trade.person != person.key or trade.state != "WAIT_BUYER_PAY":
            return "4000"
        if not world.book.take(person.key, "alipay", trade.amount_fen):
            return "4000"
        world.book.write(
            "UPDATE alipay_trades SET state = 'TRADE_SUCCESS', paid_at = ? WHERE trade_no = ?",
            stamp(world.clock.now()),
            trade_no,
        )
        world.book.move_merchant(trade.seller_id, trade.amount_fen)
        announce_trade(world, trade_no)
        return "9000"
