"""How columns and files are usually called, by what they mean, in English, Swedish and Chinese.

Names are compared without case, accents, spaces and punctuation; of several columns that fit, the
one whose name is listed first is taken.
"""

import re
from collections.abc import Iterable, Mapping

from leads.pipelines import plain_name


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(plain_name(name) for name in text.split(",") if name.strip()))


# What a column of the leads' file means.
LEAD_NAMES: Mapping[str, tuple[str, ...]] = {
    "lead_id": _names(
        """lead_id, deal_id, opportunity id, opportunity number, prospect id, lead number,
        record id, record id.*, mql_id, case id, case:concept:name, id, deal number, ref, nummer,
        ärendenummer, affärs-id, lead-id, kund-id, 线索编号, 商机编号, 客户编号,
        编号, 線索編號, 商機編號"""
    ),
    "created_at": _names(
        """created_at, created time, create date, createdate, created date, createddate, created on,
        date created, date_create, create_date, add_time, created, deal created, lead created time,
        first contact date, registration date, reg_date, inquiry date, enquiry date, skapad,
        skapad datum, skapades, skapad den, inkom, registrerad, 创建时间, 创建日期,
        建立時間, 建立日期, 登记时间, 录入时间"""
    ),
    "stage": _names(
        """stage, stagename, stage name, dealstage, deal stage, stage_id, pipeline stage,
        opportunity result, opportunity stage, status, deal status, lead status, outcome, result,
        converted, won, is won, iswon, y, fas, steg, säljsteg, affärsfas, utfall, resultat,
        阶段, 销售阶段, 商机阶段, 状态, 结果, 階段, 銷售階段, 商機階段, 狀態, 結果"""
    ),
    "closed_at": _names(
        """closed_at, closing date, close date, closedate, closed date, date_closed, closed on,
        closed time, won_time, won date, close_time, lost_time, avslutsdatum, avslutad, stängd,
        stängd datum, 成交日期, 成交时间, 结单日期, 关闭时间, 結單日期, 成交時間"""
    ),
    "owner": _names(
        """owner, deal owner, deal owner name, lead owner, owner name, owner_id, ownerid,
        hubspot_owner_id, assigned_by_id, user_id, sales rep, salesperson, ägare, säljare,
        ansvarig, 负责人, 所有者, 销售, 負責人, 業務"""
    ),
    "source": _names(
        """source, lead source, leadsource, source_id, origin, original source, channel, källa,
        leadkälla, kanal, 来源, 线索来源, 來源, 線索來源"""
    ),
    "campaign": _names("campaign, campaign name, campaign source, kampanj, 活动, 市场活动, 活動"),
    "amount": _names(
        """amount, deal amount, value, deal value, opportunity, expected_revenue,
        expected revenue, opportunity amount, opportunity amount usd, amount_req,
        case:amount_req, belopp, värde, ordervärde, affärsvärde, 金额, 商机金额, 预计金额, 金額"""
    ),
    "currency": _names(
        "currency, currency_id, currency code, deal currency code, valuta, 币种, 幣別"
    ),
    "country": _names("country, country code, land, 国家, 國家"),
    "account": _names(
        "account, account name, accountid, account id, company, company name, org_id, "
        "organization, företag, kund, 公司, 客户名称, 公司名稱"
    ),
    "expected_close_date": _names(
        "expected close date, expected_close_date, date_deadline, planned close date, "
        "förväntat avslut, beräknat avslut, 预计成交日期, 預計成交日期"
    ),
}

# What a column of a file of events means.
EVENT_NAMES: Mapping[str, tuple[str, ...]] = {
    "event_id": _names(
        "event_id, activity_id, call id, task id, id, händelse-id, record id, 记录编号, 活动编号"
    ),
    "occurred_at": _names(
        """occurred_at, call start time, start time, start_time, start date time, startdatetime,
        hs_timestamp, timestamp, time:timestamp, completeddatetime, marked_as_done_time,
        change_time, changed at, created time, createddate, created_time, date and time, datetime,
        activity date, won date, won_time, due to, due_date, due date, date, time, tid, starttid,
        datum, tidpunkt, 时间, 开始时间, 发生时间, 通话时间, 跟进时间,
        日期, 時間, 開始時間, 通話時間"""
    ),
    "kind": _names(
        """kind, activity type, tasksubtype, event type, type, type_id, concept:name, activity,
        typ, aktivitet, aktivitetstyp, 类型, 活动类型, 跟进方式, 類型, 活動類型"""
    ),
    "direction": _names(
        "direction, call direction, call type, hs_call_direction, hs_email_direction, "
        "riktning, samtalstyp, 方向, 通话类型, 呼叫类型, 通話類型"
    ),
    "duration_seconds": _names(
        """duration_seconds, call duration (in seconds), call duration in seconds,
        calldurationinseconds, duration (seconds), hs_call_duration, durationinminutes,
        duration (minutes), call duration, duration, längd, samtalslängd, 时长, 通话时长, 時長"""
    ),
    "result": _names(
        """result, call result, call status, outcome, call outcome, disposition,
        lifecycle:transition, hs_call_disposition, resultat, utfall, 结果, 通话结果,
        结果状态, 結果"""
    ),
    "actor": _names(
        """actor, call owner name, call owner, owner, owner name, user, user_id, assigned_to_user,
        org:resource, resource, agent, assigned to, sales rep, utförd av, handläggare, säljare,
        负责人, 跟进人, 坐席, 負責人"""
    ),
    "stage": _names(
        """stage, to stage, new stage, stagename, stage name, stage_id, new stage name, dealstage,
        concept:name, till fas, ny fas, fas, steg, 阶段, 新阶段, 階段"""
    ),
}

FILE_KINDS: Mapping[str, tuple[str, ...]] = {
    "call": ("call", "samtal", "通话", "电话", "通話"),
    "email": ("email", "mail", "mejl", "邮件", "郵件"),
    "meeting": ("meeting", "möte", "会议", "拜访", "會議"),
    "task": ("task", "uppgift", "任务", "任務"),
}
LEAD_FILES = ("deal", "lead", "opportunit", "prospect", "affär", "商机", "线索", "商機", "線索")
ACTIVITY_FILES = ("activit", "aktivit", "event", "interaction", "活动", "跟进", "活動")
HISTORY_FILES = ("histor", "stage", "change", "ändring", "fas", "阶段", "階段")

# Columns whose names say that they are filled at the close, or change with it.
_FILLED_LATE = _names(
    """lost reason, loss reason, lost_reason, closed lost reason, closed won reason, close reason,
    won reason, reason for loss, probability, win probability, is closed, isclosed, is won, iswon,
    won, won_time, lost_time, close_time, payment type, last activity, last notable activity,
    last activity date, last activity time, last contacted, quality, lead quality,
    lead profile, lead score, lead rating, rating, tags, sla, last modified date, modified time,
    lastmodifieddate, update_time, number of sales activities, sales stage change count,
    förlustorsak, orsak, sannolikhet, senaste aktivitet, senast ändrad, 输单原因, 流失原因, 赢率,
    最后跟进时间, 最后修改时间, 輸單原因, 贏率, 最後修改時間"""
)


def best_column(meanings: tuple[str, ...], columns: Iterable[str]) -> str | None:
    """The column whose name is listed first among the names of a meaning."""
    plain = {plain_name(column): column for column in reversed(list(columns))}
    return next((plain[name] for name in meanings if name in plain), None)


def is_filled_late(column: str) -> bool:
    """Whether a column's name says that it is filled at the close."""
    return plain_name(column) in _FILLED_LATE


def kind_of_file(name: str) -> str | None:
    """The kind of interaction that a file's name says."""
    low = name.casefold()
    return next((k for k, words in FILE_KINDS.items() if any(w in low for w in words)), None)


def file_is_called(name: str, words: tuple[str, ...]) -> bool:
    """Whether a file's name holds one of some words."""
    return any(word in name.casefold() for word in words)


def detail_of_date_entered(column: str) -> str | None:
    """The stage of a column such as `Date entered Qualified`, None for others."""
    found = re.match(
        r"(?:date entered|entered|hs_v2_date_entered_|datum för|进入)\s*[:\"']?\s*(.+?)[\"']?$",
        column.strip(),
        flags=re.IGNORECASE,
    )
    return found.group(1).strip() if found else None
