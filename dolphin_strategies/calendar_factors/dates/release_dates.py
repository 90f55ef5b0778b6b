"""Days of US releases and decisions that follow no rule, as their offices published them."""

from __future__ import annotations

from typing import Final

CPI_YEARS: Final = (2023, 2027)
"""The years of the list, the last not in it."""
CPI: Final = """
2023: 0112 0214 0314 0412 0510 0613 0712 0810 0913 1012 1114 1212
2024: 0111 0213 0312 0410 0515 0612 0711 0814 0911 1010 1113 1211
2025: 0115 0212 0312 0410 0513 0611 0715 0812 0911 1024 1218
2026: 0113 0213 0311 0410 0512 0610 0714 0812 0911 1014 1110 1210
"""
"""Consumer Price Index, 08:30 in New York: https://www.bls.gov/schedule/news_release/cpi.htm.

As they took place: the shutdowns moved those of October and December 2025 and of February 2026,
and there was none in November 2025.
"""
FOMC_YEARS: Final = (2021, 2028)
"""The years of the list, the last not in it."""
FOMC: Final = """
2021: 0127 0317 0428 0616 0728 0922 1103 1215
2022: 0126 0316 0504 0615 0727 0921 1102 1214
2023: 0201 0322 0503 0614 0726 0920 1101 1213
2024: 0131 0320 0501 0612 0731 0918 1107 1218
2025: 0129 0319 0507 0618 0730 0917 1029 1210
2026: 0128 0318 0429 0617 0729 0916 1028 1209
2027: 0127 0317 0428 0609 0728 0915 1027 1208
"""
"""Statements of the Federal Open Market Committee, 14:00 in New York, on the last day of each
meeting that was planned: https://www.federalreserve.gov/monetarypolicy/fomccalendars.htm.
"""
PAYROLLS_MOVED: Final = {"2025-10-03": "2025-11-20", "2025-11-07": "", "2025-12-05": "2025-12-16",
                         "2026-02-06": "2026-02-11"}  # fmt: skip
"""Releases of the Employment Situation that shutdowns moved from the day of the rule, or ended."""
