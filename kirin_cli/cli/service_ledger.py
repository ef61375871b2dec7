"""The ledger of one service under one key, as commands ask it: entries, prices, durations. Speaks with no service."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal

from kirin_cli.api.credentials import fingerprint
from kirin_cli.api.url_policy import check_base_url
from kirin_cli.cli.keystore import usable_key
from kirin_cli.cli.settings import Settings
from kirin_cli.ledger import queries
from kirin_cli.ledger.entry import EntryKey, LedgerEntry
from kirin_cli.ledger.ledger import Ledger
from kirin_cli.modelspec.pricing import PriceClass
from kirin_cli.modelspec.record import Record
from kirin_cli.normal_forms import normalize_origin
from kirin_cli.run.attempts import KnownEntries
from kirin_cli.run.prices import PastCost, PriceList, PriceTableRow, ledger_class


class ServiceLedger(Record, kw_only=True):
    """An open ledger and whose entries in it count: `origin` names the service in identities, `key` is "" for none."""

    ledger: Ledger
    origin: str
    key: str
    price_table: Sequence[PriceTableRow] = ()

    @property
    def account(self) -> str:
        """The fingerprint of the key, "" without one."""
        return fingerprint(self.key) if self.key else ""

    def price_list(self, assumed: Decimal | None) -> PriceList:
        """What tells the prices of jobs here; `assumed` is that of `--assume-cost`, in US dollars."""

        def history(price_class: PriceClass) -> list[PastCost]:
            model, mode, duration = ledger_class(price_class)
            rows = queries.prices(
                self.ledger.store, self.origin, model, account=self.account, mode=mode, duration=duration
            )
            return [PastCost(usd, seconds) for usd, seconds in rows]

        return PriceList(history=history, assumed=assumed, table=self.price_table)

    def durations(self, model: str, mode: str, duration: str) -> list[float]:
        """Sorted seconds that earlier tasks of a class took at this service (`prices.task_class_of`)."""
        return queries.durations(self.ledger.store, model, origin=self.origin, mode=mode, duration=duration)

    def find_entry(self, external_id: str) -> LedgerEntry | None:
        """The ledger's entry of this service and account with the external id; without a key, the newest of any."""
        if not self.account:
            return next(reversed(queries.entries_with_id(self.ledger.store, self.origin, external_id)), None)
        return self.ledger.get(EntryKey(origin=self.origin, account=self.account, external_id=external_id))

    def find_entries(self, external_ids: Iterable[str]) -> Mapping[str, LedgerEntry]:
        """The same for many at once, by their external ids."""
        return queries.entries_by_id(self.ledger.store, self.origin, external_ids, account=self.account)

    def sent_with_other_keys(self) -> frozenset[str]:
        """The external ids of the tasks that were sent to this service with other keys; none without a key."""
        return queries.ids_of_other_keys(self.ledger.store, self.origin, self.account) if self.account else frozenset()

    def known_entries(self) -> KnownEntries:
        """The entries of this service and account, as the preparation of a run asks for them."""
        store = self.ledger.store
        return KnownEntries(
            of_ids=self.find_entries,
            beyond_first_ids=lambda: queries.entries_beyond_first_ids(store, self.origin, self.account),
            of_rounds=lambda rounds: queries.entries_of_rounds(store, rounds),
            of_file=lambda path: queries.entries_of_file(store, self.origin, path),
        )


@contextmanager
def open_service_ledger(settings: Settings) -> Iterator[ServiceLedger]:
    """The ledger of the service and key of the settings; a key that cannot be used is as none.

    Raises UsageError for a base URL that cannot be used, LocalError for the ledger.
    """
    check_base_url(settings.base_url)
    origin, key = normalize_origin(settings.base_url), usable_key(settings)
    with Ledger.open(settings.ledger_folder, time.time) as ledger:
        yield ServiceLedger(ledger=ledger, origin=origin, key=key, price_table=settings.prices)
