"""Puts the invented city in by the domain's verbs. Run twice, the second changes nothing. 装载"""

from collections.abc import Callable
from datetime import datetime

from core.files import FileStorage
from core.sealing import Vault
from seeds import facts_said, fees, grants, licences, policies, registers, staff, templates
from seeds.files import City

Say = Callable[[str], None]


async def load_city(
    city: City, *, vault: Vault, at: datetime, say: Say, files: FileStorage | None = None
) -> None:
    """Every part of the city, in the order in which the parts need each other.

    Killed half-way it is run again: each verb finds what is there. The caller sees to it that this
    is no production environment. Without `files` no licence has a picture.
    """
    people = await registers.load_people(city, vault=vault)
    say(f"人口库：{len(people)} 人")
    enterprises = await registers.load_enterprises(city, people, vault=vault)
    say(f"法人库：{len(enterprises)} 家企业")
    parties = people | enterprises
    say(f"监护与委托：{await grants.load_grants(city, parties)} 项")
    say(f"帮办：{await grants.load_helpers(city, parties, at=at)} 项")
    say(f"证照目录：{await licences.load_licence_types(city)} 种")
    say(f"证照：{await licences.load_licences(city, parties, vault=vault, files=files, at=at)} 件")
    say(f"执收单位：{await fees.load_agencies(city)} 个")
    say(f"缴费单：{await fees.load_fees(city, parties, at=at)} 笔")
    say(f"订阅消息模板：{await templates.load_templates(city)} 个")
    say(f"工作人员：{await staff.load_operators(city, parties, vault=vault)} 人")
    say(f"核验员：{await staff.load_verifiers(city)} 人")
    say(f"机构系统：{await staff.load_machines(city)} 个")
    say(f"用证依据：{await staff.load_legal_bases(city, at=at)} 项")
    say(f"数据项目录：{await facts_said.load_catalogue(city)} 项")
    say(f"数据汇入：{await facts_said.load_facts(city, parties, vault=vault, at=at)} 条新数据")
    say(f"政策：{await policies.load_policies(city, vault=vault, at=at)} 项已发布")
