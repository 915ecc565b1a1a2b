"""Leads as they come in: when, through which source, whose they are, and for how much."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crm.simulator import names, world
from crm.simulator.draws import ARRIVAL, uniforms
from crm.simulator.working_time import calendar_us, working_days
from leads.arrays import Bools, Coded, Floats, Int64s
from leads.clock import DAY_US, SECOND_US

DRAWS_PER_LEAD = 24
_Effects = Sequence[tuple[str, float, float, float]]


@dataclass(frozen=True)
class Arrivals:
    """Leads at their creation, one entry per lead.

    `fit` is the sum of the effects of what never changes; `amount_effect` is what one standard
    deviation of the logarithm of the amount does. `expected_close` is a date, in microseconds.
    """

    lead_id: tuple[str, ...]
    created_at: Int64s
    pipeline: Int64s
    source: Coded
    campaign: Coded
    country: Coded
    role: Coded
    company_size: Floats
    contact: tuple[str, ...]
    account: tuple[str, ...]
    product: tuple[str, ...]
    owner: Int64s
    amount: Floats
    expected_close: Int64s
    fit: Floats
    amount_effect: Floats

    def __len__(self) -> int:
        return len(self.lead_id)


def arrive(leads: int, seed: int, start_us: int, end_us: int) -> Arrivals:
    """Leads that come in from `start_us` to before `end_us`, each from a generator of its own."""
    draws = iter(uniforms(seed, ARRIVAL, np.arange(leads), DRAWS_PER_LEAD).T)
    created_at = _created_at(next(draws), start_us, end_us)
    pipeline = np.where(next(draws) < world.B2C_SHARE, world.B2C, world.B2B)
    source, source_effect = _chosen(world.SOURCES, pipeline, next(draws))
    country, country_effect = _chosen(world.COUNTRIES, pipeline, next(draws))
    role, role_effect = _chosen(world.ROLES, pipeline, next(draws))
    campaign, campaign_effect = _campaign(source, next(draws))
    company_size, size_effect = _company_size(pipeline, next(draws), _normal(draws))
    amount = _amount(pipeline, company_size, _normal(draws))
    contact = _contacts(next(draws), next(draws))
    close_after = world.EXPECTED_CLOSE_DAYS[pipeline]
    close_days = close_after[:, 0] + np.floor(next(draws) * close_after[:, 1])
    return Arrivals(
        lead_id=tuple(f"L{number:06d}" for number in range(1, leads + 1)),
        created_at=created_at,
        pipeline=pipeline,
        source=source,
        campaign=campaign,
        country=country,
        role=role,
        company_size=company_size,
        contact=contact,
        account=_accounts(pipeline, next(draws), next(draws), next(draws)),
        product=tuple(_picked(world.PRODUCTS, next(draws))),
        owner=(next(draws) * len(world.OWNERS)).astype(np.int64),
        amount=amount,
        expected_close=(created_at // DAY_US + close_days.astype(np.int64)) * DAY_US,
        fit=source_effect + country_effect + role_effect + campaign_effect + size_effect,
        amount_effect=np.where(
            source.codes == source.levels.index("referral"),
            world.AMOUNT_EFFECT_REFERRED[pipeline],
            world.AMOUNT_EFFECT[pipeline],
        ),
    )


def _created_at(uniform: Floats, start_us: int, end_us: int) -> Int64s:
    """Moments spread over the period as working time is, to whole seconds, before its end."""
    first, last = working_days(start_us), working_days(end_us)
    moments = [calendar_us(first + u * (last - first)) for u in uniform]
    return np.clip(np.array(moments, np.int64), start_us, end_us - SECOND_US)


def _chosen(table: _Effects, pipeline: Int64s, uniform: Floats) -> tuple[Coded, Floats]:
    """A value for each lead by the shares of its pipeline, and its effect."""
    shares = np.cumsum([[row[1] for row in table], [row[2] for row in table]], axis=1)
    codes = (uniform[:, None] >= shares[pipeline]).sum(axis=1).clip(max=len(table) - 1)
    effects = np.array([row[3] for row in table])
    return _coded(codes, [row[0] for row in table]), effects[codes]


def _campaign(source: Coded, uniform: Floats) -> tuple[Coded, Floats]:
    advertised = [source.levels.index(name) for name in world.CAMPAIGN_SOURCES]
    codes = (uniform * len(world.CAMPAIGNS)).astype(np.int64)
    effects = np.array([effect for _, effect in world.CAMPAIGNS])
    has_one = np.isin(source.codes, advertised)
    coded = _coded(np.where(has_one, codes, -1), [name for name, _ in world.CAMPAIGNS])
    return coded, np.where(has_one, effects[codes], 0.0)


def _company_size(pipeline: Int64s, uniform: Floats, normal: Floats) -> tuple[Floats, Floats]:
    """People employed, NaN for private persons and where nobody asked; and its effect."""
    size = np.ceil(world.COMPANY_SIZE_MEDIAN * np.exp(world.COMPANY_SIZE_SPREAD * normal))
    known: Bools = (pipeline == world.B2B) & (uniform >= world.COMPANY_SIZE_MISSING)
    return np.where(known, size, np.nan), np.where(known, world.COMPANY_SIZE_EFFECT * normal, 0.0)


def _amount(pipeline: Int64s, company_size: Floats, normal: Floats) -> Floats:
    """Euros, to tens; larger where the company is."""
    larger = np.nan_to_num(0.2 * np.log(company_size / world.COMPANY_SIZE_MEDIAN))
    spread = world.AMOUNT_SPREAD[pipeline] * normal
    return np.ceil(world.AMOUNT_MEDIAN[pipeline] * np.exp(spread + larger) / 10) * 10


def _contacts(first: Floats, last: Floats) -> tuple[str, ...]:
    """Names of people; one in twenty is Chinese."""
    western = zip(
        _picked(names.FIRST_NAMES, (first - 0.05).clip(0) / 0.95),
        _picked(names.LAST_NAMES, last),
        strict=True,
    )
    chinese = _picked(names.CHINESE_NAMES, last)
    return tuple(
        chinese[i] if first[i] < 0.05 else f"{given} {family}"
        for i, (given, family) in enumerate(western)
    )


def _accounts(pipeline: Int64s, word: Floats, trade: Floats, form: Floats) -> tuple[str, ...]:
    """Names of companies, one in fifty unusual; "" for private persons."""
    unusual = _picked(names.UNUSUAL_COMPANIES, trade)
    parts = zip(
        _picked(names.COMPANY_WORDS, word),
        _picked(names.COMPANY_TRADES, trade),
        _picked(names.COMPANY_FORMS, form),
        strict=True,
    )
    usual = [" ".join(part) for part in parts]
    company = [unusual[i] if form[i] < 0.02 else usual[i] for i in range(len(usual))]
    return tuple("" if p == world.B2C else name for p, name in zip(pipeline, company, strict=True))


def _normal(draws: Iterator[Floats]) -> Floats:
    """A standard normal number per lead, of two uniform ones (Box and Muller)."""
    radius = np.sqrt(-2.0 * np.log1p(-next(draws)))
    return radius * np.cos(2.0 * np.pi * next(draws))


def _picked(values: Sequence[str], uniform: Floats) -> list[str]:
    return [values[int(u * len(values))] for u in uniform]


def _coded(codes: Int64s, levels: Sequence[str]) -> Coded:
    """Codes into levels; the level "" is missing."""
    missing = [code for code, level in enumerate(levels) if not level]
    return Coded(np.where(np.isin(codes, missing), -1, codes).astype(np.int32), tuple(levels))
