"""The 30 largest metropolitan areas of the United States by the census of 2020, as the contract counts them (DAT-5).

Each is given by the census codes of its main counties: members of the area in the delineations of 2020 and of July 2023. Counties
at the edge, which one delineation counts in and another does not, are left out: a read that counts here lies in the area by any.

Sources: the delineations are those of OMB Bulletins 20-01 and 23-01, by county in the Census Bureau's delineation files (list 1).
The counties of Dallas, Houston and Austin were looked up one by one in what repeats these files, not in the files themselves; so
were the eight of San Antonio (Atascosa, Bandera, Bexar, Comal, Guadalupe, Kendall, Medina, Wilson: Wikipedia, "Greater San
Antonio", by the census of 2020 and the estimates of July 2024), and their codes by name in us-atlas. The ranking is that of the
census of April 1, 2020 (27th Pittsburgh, 28th Austin, 29th Las Vegas, 30th Cincinnati; Kansas City is the 31st); the Census
Bureau's estimates of July 2024 have the same 30 areas in another order.
"""

from typing import NamedTuple


class Area(NamedTuple):
    """`code` is the census code of the area, `counties` the codes (state and county) of its main counties."""

    code: str
    name: str
    counties: tuple[str, ...]


def _area(code: str, name: str, counties: str) -> Area:
    return Area(code, name, tuple(counties.split()))


AREAS: tuple[Area, ...] = (
    _area("35620", "New York-Newark-Jersey City", "36061 36005 36047 36059 36081 36085 36087 36103 36119 34003 34013 34017"
          " 34023 34025 34027 34029 34031 34035 34039"),
    _area("31080", "Los Angeles-Long Beach-Anaheim", "06037 06059"),
    _area("16980", "Chicago-Naperville-Elgin", "17031 17043 17089 17093 17097 17111 17197 18089 18127"),
    _area("19100", "Dallas-Fort Worth-Arlington", "48113 48085 48121 48139 48231 48251 48257 48367 48397 48439 48497"),
    _area("26420", "Houston", "48201 48015 48039 48071 48157 48167 48291 48339 48473"),
    _area("47900", "Washington-Arlington-Alexandria", "11001 24017 24021 24031 24033 51013 51059 51107 51153 51177 51179"
          " 51510 51600 51610 51683 51685"),
    _area("37980", "Philadelphia-Camden-Wilmington", "42101 42017 42029 42045 42091 34005 34007 34015 10003"),
    _area("33100", "Miami-Fort Lauderdale-West Palm Beach", "12086 12011 12099"),
    _area("12060", "Atlanta", "13121 13057 13063 13067 13077 13089 13097 13113 13117 13135 13151 13217 13223 13247"),
    _area("14460", "Boston-Cambridge", "25025 25009 25017 25021 25023 33015 33017"),
    _area("38060", "Phoenix-Mesa-Chandler", "04013 04021"),
    _area("41860", "San Francisco-Oakland", "06075 06001 06013 06041 06081"),
    _area("40140", "Riverside-San Bernardino-Ontario", "06065 06071"),
    _area("19820", "Detroit-Warren-Dearborn", "26163 26087 26093 26099 26125 26147"),
    _area("42660", "Seattle-Tacoma-Bellevue", "53033 53053 53061"),
    _area("33460", "Minneapolis-St. Paul", "27053 27003 27019 27037 27123 27139 27163"),
    _area("41740", "San Diego", "06073"),
    _area("45300", "Tampa-St. Petersburg-Clearwater", "12057 12101 12103"),
    _area("19740", "Denver-Aurora", "08031 08001 08005 08014 08035 08059"),
    _area("41180", "St. Louis", "29510 29071 29099 29183 29189 17119 17133 17163"),
    _area("12580", "Baltimore-Columbia-Towson", "24510 24003 24005 24013 24025 24027"),
    _area("16740", "Charlotte-Concord-Gastonia", "37119 37025 37071 37097 37179 45057 45091"),
    _area("36740", "Orlando-Kissimmee-Sanford", "12095 12069 12097 12117"),
    _area("41700", "San Antonio-New Braunfels", "48029 48013 48019 48091 48187 48259 48325 48493"),
    _area("38900", "Portland-Vancouver-Hillsboro", "41051 41005 41067 53011"),
    _area("40900", "Sacramento-Roseville", "06067 06017 06061 06113"),
    _area("38300", "Pittsburgh", "42003 42007 42019 42125 42129"),
    _area("12420", "Austin-Round Rock", "48453 48021 48055 48209 48491"),
    _area("29820", "Las Vegas-Henderson", "32003"),
    _area("17140", "Cincinnati", "39061 39017 39025 39165 21015 21037 21117"),
)
