"""Faces of people and enterprises that do not exist, for the contact sheet and for tests. 样张"""

from collections.abc import Sequence
from typing import Any

from licences.faces.face import Face, FaceField, FaceForm
from licences.faces.portraits import Likeness, drawn
from licences.kinds import LicenceStatus

WATERMARK = "仅用于本人查看，2026-11-22 21:30"

_WANG = Likeness("bun", "#8f9096", "#7c4a52")
_CHEN = Likeness("long", "#2a211e", "#2f4b6e")
_WU = Likeness("short", "#1f1c1b", "#3f5a52", skin="#e6bd9d", glasses=True)
_ZHOU = Likeness("thin", "#6c6a69", "#54585f", skin="#e9c3a4")
_LIN = Likeness("short", "#241d1a", "#3b3f58")


def samples() -> Sequence[Face]:
    """One of each design, some that may not be used, one in large letters."""
    return (*_of_persons(), *_of_things(), *_told_otherwise())


def _of_persons() -> Sequence[Face]:
    return (
        _face(
            "id-card",
            "居民身份证",
            "临溪市公安局城中分局",
            "姓名:name=陈*,性别:sex=女,民族:nation=汉族,出生:birth_date=1976-**-**,"
            "住址:address=临溪市城中街道溪口路****,公民身份号码:number=3301**********2643",
            until="2041-06-18",
            notice="居民身份证信息的电子展示，供本人查看和核对，不是居民身份证，不能代替实体证件。",
            portrait=drawn(_CHEN),
        ),
        _face(
            "driving",
            "机动车驾驶证",
            "临溪市公安局交通警察支队",
            "姓名:name=陈*,性别:sex=女,准驾车型:vehicle_class=C1,初次领证:first_issued=2005-04-18,"
            "国籍:nationality=中国,累积记分:points=0 分,证号:number=3301**********2643",
            until="2035-04-18",
            portrait=drawn(_CHEN),
        ),
        _face(
            "social-security-card",
            "社会保障卡",
            "临溪市人力资源和社会保障局",
            "姓名:name=吴*强,社会保障号码:social_no=3301**********0042,"
            "发卡银行:bank=临溪农商银行,卡号:number=LX19********01",
            until="2038-08-31",
            portrait=drawn(_WU),
        ),
        _face(
            "residence-permit",
            "居住证",
            "临溪市公安局东湖派出所",
            "姓名:name=阿********提,性别:sex=男,民族:nation=维吾尔族,"
            "现居住地:address=临溪市东湖街道湖滨社区****,证号:number=3301**********5217",
            until="2027-09-30",
            portrait=drawn(_LIN),
        ),
        _face(
            "disability-card",
            "残疾人证",
            "临溪市残疾人联合会",
            "姓名:name=吴*强,残疾类别:disability_type=肢体,残疾等级:disability_grade=二级,"
            "监护人:guardian_name=吴*,证号:number=LX-C***********42",
            until="2029-03-10",
            portrait=drawn(_WU),
        ),
    )


def _of_things() -> Sequence[Face]:
    return (
        _face(
            "vehicle",
            "机动车行驶证",
            "临溪市公安局交通警察支队",
            "所有人:name=陈*,号牌号码:plate_number=浙A·8LX26,车辆类型:kind=小型轿车,"
            "品牌型号:model=临溪牌LX7150,使用性质:use_character=非营运,注册日期:registered_on=2021-05-06,"
            "车辆识别代号:vin=LX1A**********651,发动机号:engine=E2****88,"
            "档案编号:number=3301****0042",
            until="2027-05-31",
        ),
        _face(
            "marriage",
            "结婚证",
            "临溪市民政局婚姻登记处",
            "持证人:name=林*远,配偶:spouse_name=许*,登记日期:registered_on=2024-05-20,"
            "结婚证字号:number=J330199-****-**0521",
            until="长期",
        ),
        _face(
            "business-licence",
            "营业执照",
            "临溪市市场监督管理局",
            "名称:name=临溪精密机械有限公司,类型:kind=有限责任公司,法定代表人:legal_representative=马*平,"
            "注册资本:capital=壹仟万元整,成立日期:founded_on=2011-05-16,"
            "统一社会信用代码:number=91330199MA2LX801XY",
            until="长期",
            masked=False,
        ),
        _face(
            "elder-card",
            "老年人优待证",
            "临溪市民政局",
            "姓名:name=王*兰,优待类别:benefit_class=公交免费,出生:birth_date=1951-**-**,"
            "证号:number=LX-L***********01",
            until="长期",
            portrait=drawn(_WANG),
        ),
    )


def _told_otherwise() -> Sequence[Face]:
    return (
        _face(
            "driving",
            "机动车驾驶证",
            "临溪市公安局交通警察支队",
            "姓名:name=周*,性别:sex=男,准驾车型:vehicle_class=B2,初次领证:first_issued=1998-08-20,"
            "证号:number=3301**********4031",
            until="2028-08-20",
            status=LicenceStatus.SUSPENDED,
            portrait=drawn(_ZHOU),
        ),
        _face(
            "real-estate",
            "不动产权证书",
            "青屏市自然资源和规划局",
            "权利人:name=王*兰,坐落:location=青屏市北山镇松月路 8 号 3 幢 2 单元 502 室,"
            "用途:use=城镇住宅用地 / 住宅,面积:area=89.64 平方米,"
            "证号:number=青(2019)不动产权第****77号",
            until="长期",
            region="青屏市",
            stale="数据非最新 · 2026-10-30",
        ),
        _face(
            "elder-card",
            "老年人优待证",
            "临溪市民政局",
            "姓名:name=王桂兰,优待类别:benefit_class=公交免费,证号:number=LX-LNZ-195103080001",
            until="长期",
            masked=False,
            portrait=drawn(_WANG),
            watermark="仅用于当面出示，2026-11-22 21:30",
            form=FaceForm.LARGE,
        ),
    )


def _face(licence_type: str, title: str, issuer: str, fields: str, **others: Any) -> Face:
    """`fields` are written label:key=value, with commas between."""
    read = (one.partition("=") for one in fields.split(","))
    given = [
        FaceField(name.partition(":")[2], name.partition(":")[0], value) for name, _, value in read
    ]
    plain = {"status": LicenceStatus.VALID, "watermark": WATERMARK}
    return Face(
        licence_type=licence_type, title=title, issuer=issuer, fields=given, **plain | others
    )
