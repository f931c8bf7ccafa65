"""Made-up people and places: Vietnamese names, hamlets, citizen IDs. Nobody here exists."""

from __future__ import annotations

from random import Random

SURNAMES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Trương", "Đinh",
    "Mai", "Cao",
)  # fmt: skip
KHMER_SURNAMES = ("Thạch", "Kim", "Sơn", "Danh", "Châu")
HOA_SURNAMES = ("Lâm", "Trịnh", "Quách", "Tăng", "La")
MALE_MIDDLES = ("Văn", "Hữu", "Minh", "Thành", "Quốc", "Công", "Đức", "Ngọc", "Thanh", "Hoàng")
FEMALE_MIDDLES = ("Thị", "Thị Ngọc", "Thị Kim", "Thị Thu", "Thị Mỹ", "Kim", "Ngọc", "Thị Bích", "Thị Cẩm")
MALE_NAMES = (
    "An", "Bảo", "Bình", "Cường", "Dũng", "Đạt", "Đông", "Giang", "Hải", "Hậu", "Hiếu", "Hòa", "Hùng", "Khánh", "Khoa", "Kiệt",
    "Lâm", "Lộc", "Long",
    "Nam", "Nghĩa", "Nhân", "Phát", "Phúc", "Quân", "Sơn", "Tài", "Tâm", "Tấn", "Thắng", "Thiện", "Thọ", "Tiến", "Tòng", "Trí",
    "Trung", "Tuấn", "Vinh",
)  # fmt: skip
FEMALE_NAMES = (
    "Ánh", "Bé", "Cúc", "Diễm", "Dung", "Duyên", "Đào", "Gấm", "Giàu", "Hà", "Hạnh", "Hiền", "Hoa", "Hồng", "Huệ", "Hương", "Lan",
    "Liên", "Loan", "Mai",
    "Mơ", "Nga", "Ngân", "Nhung", "Phượng", "Quyên", "Sáu", "Sen", "Thảo", "Thủy", "Tiên", "Trang", "Trinh", "Tuyết", "Út", "Vân",
    "Xuân", "Yến",
)  # fmt: skip
PLACES = (
    "Bình Hòa", "Bình Thạnh", "Cầu Đình", "Cầu Tre", "Long Hòa", "Long Thới", "Mỹ Đức", "Mỹ Phước", "Phước Hưng", "Tân Bình",
    "Tân Lợi", "Thạnh An",
)  # fmt: skip
TITLES = ("Công chức Văn hóa - Xã hội", "Cán bộ Lao động - Thương binh và Xã hội")
CHAIRMEN = ("Chủ tịch", "Phó Chủ tịch")


def person_name(rng: Random, sex: str, surname: str) -> str:
    """A full name. A second middle word is common enough to keep two people of one village apart."""
    middle, given = (MALE_MIDDLES, MALE_NAMES) if sex == "male" else (FEMALE_MIDDLES, FEMALE_NAMES)
    return f"{surname} {rng.choice(middle)} {rng.choice(given)}"


def surname(rng: Random, ethnicity: str) -> str:
    return rng.choice({"Khmer": KHMER_SURNAMES, "Hoa": HOA_SURNAMES}.get(ethnicity, SURNAMES))


def hamlets(rng: Random, unit_type: str) -> tuple[str, ...]:
    """Three to six hamlets of a commune: ấp in a xã, khu phố in a phường or thị trấn; numbered or named."""
    kind = "Ấp" if unit_type == "xã" else "Khu phố"
    count = rng.randint(3, 6)
    if rng.random() < 0.5:
        return tuple(f"{kind} {number}" for number in range(1, count + 1))
    return tuple(f"{kind} {place}" for place in sorted(rng.sample(PLACES, count)))


class CitizenIds:
    """Hands out citizen IDs ``080GYYNNNNNN``, each once: province, sex and century, birth year, a number."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def new(self, sex: str, birth_year: int) -> str:
        century = 2 * (birth_year // 100 - 19) + (sex == "female")
        head = f"080{century}{birth_year % 100:02d}"
        count = self._given.get(head, 0)
        self._given[head] = count + 1
        # 17,389 is prime to a million: the numbers look scattered and never meet.
        return f"{head}{(4_211 + count * 17_389) % 1_000_000:06d}"
