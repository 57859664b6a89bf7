"""Who may open what: every role at every address (ACC-10; the table that opens the requirements).

`officer` asked the query, keeps the alert list and is of New York City, as are `officer2`, `support`, `supervisor` and `manager`;
`other_manager` is of Chicago; `auditor` searched the log; `root` is the installation's superuser.
x: the door is open, whatever is wrong with what was sent; . : refused with 403; - : not there for this person, 404;
/ : for a source's key alone, 401.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from accounts.roles import Role
from alerts.models import Entry
from audit.models import Delivery, NamedNotice, Question, ReviewItem
from tests.factories.alerts import CASE
from tests.factories.certificates import certificate_file, make_identity
from tests.guards import addresses

PEOPLE = {"off": "officer", "of2": "officer2", "sup": "support", "svr": "supervisor", "mgr": "manager", "oth": "other_manager",
          "aud": "auditor", "app": "appointer", "hlp": "help_desk", "qua": "quality", "ope": "operator", "root": "superuser"}
MARKS = {200: "x", 201: "x", 204: "x", 302: "x", 303: "x", 400: "x", 415: "x", 503: "x", 401: "/", 403: ".", 404: "-"}
# Addresses that take no GET, with the method that they take.
METHODS = {
    "lpr:query_again": "post", "lpr:share": "post", "lpr:share_end": "post",
    "api-alert-list-entries": "post", "api-alert-entry": "delete", "api-alert-entry-renewal": "post",
    "alerts:inbox_read": "post", "api-alert-uploads": "post", "api-alert-upload-columns": "post",
    "audit-searches": "post", "audit:review_draw_again": "post", "audit:review_disowned": "post",
    "audit:question_answer": "post", "audit:disown": "post",
}
# Pages of the back office about one record are walked by test_admin_scope; leaving ends the session that the walk needs.
ELSEWHERE = {"accounts:logout", "admin:logout"}
TABLE = """
                                                             off of2 sup svr mgr oth aud app hlp qua ope root
       /                                                     x   x   x   x   x   x   x   x   x   x   x   x
       healthz                                               x   x   x   x   x   x   x   x   x   x   x   x
       readyz                                                x   x   x   x   x   x   x   x   x   x   x   x
       accounts/login/                                       x   x   x   x   x   x   x   x   x   x   x   x
       accounts/recover/                                     x   x   x   x   x   x   x   x   x   x   x   x
       accounts/recover/<str:token>/                         -   -   -   -   -   -   -   -   -   -   -   -
       accounts/second-factor/                               x   x   x   x   x   x   x   x   x   x   x   x
       accounts/second-factor/set-up/                        x   x   x   x   x   x   x   x   x   x   x   x
       accounts/rules/                                       x   x   x   x   x   x   x   x   x   x   x   x
       accounts/training/                                    x   x   x   x   x   x   x   x   x   x   x   x
       accounts/request/                                     x   x   x   x   x   x   x   x   x   x   x   x
       accounts/request/filed/                               x   x   x   x   x   x   x   x   x   x   x   x
       accounts/register/<str:key>/                          -   -   -   -   -   -   -   -   -   -   -   -
       accounts/password/                                    x   x   x   x   x   x   x   x   x   x   x   x
       accounts/deletions/                                   .   .   .   x   .   .   .   .   .   .   .   .
       groups/                                               x   x   x   x   .   .   .   .   .   .   .   .
       groups/new/                                           x   x   x   x   .   .   .   .   .   .   .   .
       groups/<int:group>/                                   -   -   -   -   .   .   .   .   .   .   .   .
       help/                                                 x   x   x   x   x   x   x   x   x   x   x   x
       help/sent/                                            x   x   x   x   x   x   x   x   x   x   x   x
       help/tickets/<uuid:ticket>/                           -   -   -   -   -   -   -   -   -   -   -   -
       help/follow/<str:token>/                              -   -   -   -   -   -   -   -   -   -   -   -
       rules/                                                x   x   x   x   x   x   x   x   x   x   x   x
       rules/affirmations/                                   .   .   .   .   x   x   x   x   .   .   .   .
       coverage/                                             x   x   x   x   x   x   x   x   x   x   x   x
       map/streets/                                          x   x   x   x   x   x   x   .   .   .   .   .
       map/tiles/<str:layer>/<int:z>/<int:y>/<int:x>         -   -   -   -   -   -   -   .   .   .   .   .
       queries/                                              x   x   x   x   .   .   .   .   .   .   .   .
       queries/new/                                          x   x   x   x   .   .   .   .   .   .   .   .
       queries/<uuid:query>/                                 x   -   -   x   x   -   x   -   -   -   -   -
       queries/<uuid:query>/report/                          x   -   -   x   x   -   x   -   -   -   -   -
       queries/<uuid:query>/report.pdf                       x   -   -   x   x   -   x   -   -   -   -   -
POST   queries/<uuid:query>/share/                           x   x   x   x   .   .   .   .   .   .   .   .
POST   queries/<uuid:query>/share/<int:group>/end/           -   -   -   -   .   .   .   .   .   .   .   .
POST   queries/<uuid:query>/again/                           x   -   -   x   .   .   .   .   .   .   .   .
       reads/notices/                                        x   x   x   x   x   x   x   x   x   x   x   x
       reads/<str:token>/error/                              -   -   -   -   .   .   .   .   .   .   .   .
       reads/<str:token>/compare/                            -   -   -   -   .   .   .   .   .   .   .   .
       reads/<str:token>/photos/<int:number>/                -   -   -   -   -   -   -   -   -   -   -   -
       alerts/                                               x   x   x   x   .   .   .   .   .   .   .   .
       alerts/new/                                           x   x   x   x   .   .   .   .   .   .   .   .
       alerts/hits/                                          x   x   x   x   .   .   .   .   .   .   .   .
       alerts/hits/<uuid:hit>/                               -   -   -   -   .   .   .   .   .   .   .   .
       alerts/hits/<uuid:hit>/share/                         -   -   -   -   .   .   .   .   .   .   .   .
       alerts/hits/<uuid:hit>/disposition/                   -   -   -   -   .   .   .   .   .   .   .   .
       alerts/inbox/                                         x   x   x   x   .   .   .   .   .   .   .   .
POST   alerts/inbox/read/                                    x   x   x   x   .   .   .   .   .   .   .   .
       alerts/mail/                                          x   x   x   x   .   .   .   .   .   .   .   .
       alerts/statistics/                                    x   x   x   x   .   .   .   .   .   .   .   .
       alerts/upload/                                        x   x   x   x   .   .   .   .   .   .   .   .
       alerts/upload/template.csv                            x   x   x   x   .   .   .   .   .   .   .   .
       alerts/upload/<uuid:draft>/                           -   -   -   -   .   .   .   .   .   .   .   .
       alerts/upload/<uuid:draft>/bad-rows.csv               -   -   -   -   .   .   .   .   .   .   .   .
       alerts/renewals/                                      x   x   x   x   .   .   .   .   .   .   .   .
       alerts/search/                                        x   x   x   x   .   .   .   .   .   .   .   .
       alerts/<uuid:alert_list>/sharing/                     x   -   -   -   .   .   .   .   .   .   .   .
       alerts/<uuid:alert_list>/                             x   -   -   -   .   .   .   .   .   .   .   .
       audit/                                                .   .   .   x   x   x   x   .   .   .   .   .
       audit/searches/<uuid:search_id>/                      .   .   .   -   -   -   x   .   .   .   .   .
       audit/searches/<uuid:search_id>/bundle                .   .   .   -   -   -   x   .   .   .   .   .
       audit/searches/<uuid:search_id>/export.xlsx           .   .   .   -   -   -   x   .   .   .   .   .
       audit/searches/<uuid:search_id>/export.pdf            .   .   .   -   -   -   x   .   .   .   .   .
       audit/statistics/                                     .   .   .   x   x   x   x   .   .   .   .   .
       audit/statistics/report.xlsx                          .   .   .   x   x   x   x   .   .   .   .   .
       audit/statistics/report.pdf                           .   .   .   x   x   x   x   .   .   .   .   .
       audit/deliveries/                                     .   .   .   .   .   .   x   x   .   .   x   .
       audit/deliveries/new/                                 .   .   .   .   .   .   x   x   .   .   .   .
       audit/deliveries/<uuid:delivery>/                     .   .   .   .   .   .   x   -   .   .   x   .
       audit/deliveries/<uuid:delivery>/file.zip             .   .   .   .   .   .   x   -   .   .   .   .
       audit/reviews/                                        .   .   .   x   x   x   x   .   .   .   .   .
       audit/reviews/new/                                    .   .   .   x   x   x   x   .   .   .   .   .
       audit/reviews/<uuid:review>/                          .   .   .   x   x   -   x   .   .   .   .   .
       audit/reviews/<uuid:review>/items/<uuid:item>/        .   .   .   x   x   -   x   .   .   .   .   .
       audit/reviews/<uuid:review>/signals/                  .   .   .   x   x   -   x   .   .   .   .   .
       audit/reviews/<uuid:review>/choose/                   .   .   .   x   x   -   x   .   .   .   .   .
POST   audit/reviews/<uuid:review>/draw-again/               .   .   .   x   x   -   x   .   .   .   .   .
       audit/reviews/<uuid:review>/report.pdf                .   .   .   x   x   -   x   .   .   .   .   .
POST   audit/reviews/disowned/<uuid:question>/review/        .   .   .   -   -   -   -   .   .   .   .   .
       audit/incidents/                                      .   .   .   x   x   x   x   x   .   .   x   .
       audit/incidents/new/                                  .   .   .   .   .   .   .   x   .   .   x   .
       audit/incidents/<uuid:incident>/                      .   .   .   .   .   .   .   -   .   .   -   .
       audit/incidents/suspected-use/new/                    .   .   .   x   x   x   x   x   .   .   x   .
       audit/incidents/suspected-use/<uuid:suspected_use>/   .   .   .   -   -   -   -   -   .   .   -   .
       audit/contract-end/                                   .   .   .   .   .   .   .   x   .   .   x   .
       audit/retention/                                      .   .   .   .   .   .   .   x   .   .   x   .
       audit/questions/                                      x   x   x   x   x   x   x   .   .   .   .   .
POST   audit/questions/<uuid:question>/answer/               x   -   -   -   -   -   -   .   .   .   .   .
POST   audit/questions/named/<uuid:notice>/disown/           -   x   -   -   -   -   -   .   .   .   .   .
       admin/                                                .   .   .   .   x   x   x   x   x   x   x   x
       admin/login/                                          x   x   x   x   x   x   x   x   x   x   x   x
       admin/password_change/                                .   .   .   .   x   x   x   x   x   x   x   x
       admin/password_change/done/                           .   .   .   .   x   x   x   x   x   x   x   x
       admin/autocomplete/                                   .   .   .   .   .   .   .   .   .   .   .   .
       admin/jsi18n/                                         .   .   .   .   x   x   x   x   x   x   x   x
       admin/audit/reviewpolicy/                             .   .   .   .   .   .   .   .   .   .   x   x
       admin/audit/reviewpolicy/add/                         .   .   .   .   .   .   .   .   .   .   .   .
       admin/audit/retentionpolicy/                          .   .   .   .   .   .   .   .   .   .   x   x
       admin/audit/retentionpolicy/add/                      .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/accessrequest/search/                  .   .   .   .   x   x   .   .   .   .   .   x
       admin/accounts/accessrequest/                         .   .   .   .   x   x   .   .   .   .   .   x
       admin/accounts/accessrequest/add/                     .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/appointment/                           .   .   .   .   x   x   .   x   .   .   x   x
       admin/accounts/appointment/add/                       .   .   .   .   .   .   .   x   .   .   x   .
       admin/accounts/accountceiling/                        .   .   .   .   x   x   .   x   .   .   .   x
       admin/accounts/accountceiling/add/                    .   .   .   .   .   .   .   x   .   .   .   x
       admin/accounts/challengequestion/                     .   .   .   .   .   .   .   .   .   .   x   x
       admin/accounts/challengequestion/add/                 .   .   .   .   .   .   .   .   .   .   x   x
       admin/accounts/deletionrequest/                       .   .   .   .   x   x   .   x   .   .   x   x
       admin/accounts/deletionrequest/add/                   .   .   .   .   x   x   .   x   .   .   x   .
       admin/accounts/lockout/                               .   .   .   .   x   x   .   .   .   .   .   x
       admin/accounts/lockout/add/                           .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/user/export.csv                        .   .   .   .   x   x   .   .   .   .   .   .
       admin/accounts/user/export.xlsx                       .   .   .   .   x   x   .   .   .   .   .   .
       admin/accounts/user/                                  .   .   .   .   x   x   x   x   .   .   .   x
       admin/accounts/user/add/                              .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/aor/                                   .   .   .   .   .   .   .   x   .   .   .   x
       admin/accounts/aor/add/                               .   .   .   .   .   .   .   x   .   .   .   x
       admin/accounts/rulestext/                             .   .   .   .   x   x   .   x   .   .   x   x
       admin/accounts/rulestext/add/                         .   .   .   .   .   .   .   x   .   .   x   .
       admin/accounts/sanction/                              .   .   .   .   x   x   x   x   .   .   .   x
       admin/accounts/sanction/add/                          .   .   .   .   x   x   .   x   .   .   .   .
       admin/accounts/ticket/                                .   .   .   .   x   x   .   .   x   .   .   .
       admin/accounts/ticket/add/                            .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/ticketpolicy/                          .   .   .   .   .   .   .   .   .   .   x   x
       admin/accounts/ticketpolicy/add/                      .   .   .   .   .   .   .   .   .   .   .   .
       admin/accounts/escalationstep/                        .   .   .   .   .   .   .   .   .   .   x   x
       admin/accounts/escalationstep/add/                    .   .   .   .   .   .   .   .   .   .   x   x
       admin/accounts/trainingrecord/roster/                 .   .   .   .   x   x   .   .   .   .   .   .
       admin/accounts/trainingrecord/roster/template.csv     .   .   .   .   x   x   .   .   .   .   .   .
       admin/accounts/trainingrecord/roster/<uuid:draft>/    .   .   .   .   -   -   .   .   .   .   .   .
       admin/accounts/trainingrecord/roster/<uuid:draft>/rows.csv .   .   .   .   -   -   .   .   .   .   .   .
       admin/accounts/trainingrecord/                        .   .   .   .   x   x   x   x   .   .   .   x
       admin/accounts/trainingrecord/add/                    .   .   .   .   x   x   .   x   .   .   .   x
       admin/accounts/course/                                .   .   .   .   x   x   .   x   .   .   x   x
       admin/accounts/course/add/                            .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/receipt/                                    .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/receipt/add/                                .   .   .   .   .   .   .   .   .   .   .   .
       admin/lpr/quarantinedrecord/<uuid:set_aside>/photos/<int:number>/ .   .   .   .   .   .   .   .   .   .   -   .
       admin/lpr/quarantinedrecord/                          .   .   .   .   .   .   .   .   .   .   x   .
       admin/lpr/quarantinedrecord/add/                      .   .   .   .   .   .   .   .   .   .   .   .
       admin/lpr/errorreport/<uuid:report>/photos/<int:number>/ .   .   .   .   .   .   .   .   .   -   .   .
       admin/lpr/errorreport/                                .   .   .   .   .   .   .   .   .   x   .   .
       admin/lpr/errorreport/add/                            .   .   .   .   .   .   .   .   .   .   .   .
       admin/lpr/reasoncode/                                 .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/reasoncode/add/                             .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/offense/                                    .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/offense/add/                                .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/timeframelimit/                             .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/timeframelimit/add/                         .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/reportfooter/                               .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/reportfooter/add/                           .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/source/                                     .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/source/add/                                 .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/sourcekey/                                  .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/sourcekey/add/                              .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/jurisdiction/                               .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/jurisdiction/add/                           .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/sourceauthority/                            .   .   .   .   .   .   .   .   .   .   x   x
       admin/lpr/sourceauthority/add/                        .   .   .   .   .   .   .   .   .   .   x   x
       admin/alerts/alertpolicy/                             .   .   .   .   .   .   .   .   .   .   x   x
       admin/alerts/alertpolicy/add/                         .   .   .   .   .   .   .   .   .   .   .   .
       admin/alerts/handover/                                .   .   .   .   x   x   .   .   .   .   .   x
       admin/alerts/handover/add/                            .   .   .   .   .   .   .   .   .   .   .   .
       admin/alerts/deadletter/                              .   .   .   .   .   .   .   .   .   .   x   x
       admin/alerts/deadletter/add/                          .   .   .   .   .   .   .   .   .   .   .   .
       admin/^(?P<app_label>audit|accounts|lpr|alerts)/$     .   .   .   .   x   x   x   x   x   -   x   x
       admin/(?P<url>.*)$                                    .   .   .   .   -   -   -   -   -   -   -   -
       api/v1/schema/                                        x   x   x   x   x   x   x   x   x   x   x   x
       api/v1/docs/                                          x   x   x   x   x   x   x   x   x   x   x   x
       api/v1/reads/                                         /   /   /   /   /   /   /   /   /   /   /   /
       api/v1/queries/                                       x   x   x   x   .   .   .   .   .   .   .   .
       api/v1/queries/<uuid:query>/                          x   -   -   x   x   -   x   -   -   -   -   -
       api/v1/alert-lists/                                   x   x   x   x   .   .   .   .   .   .   .   .
POST   api/v1/alert-lists/<uuid:alert_list>/entries/         x   -   -   -   .   .   .   .   .   .   .   .
POST   api/v1/alert-entries/<uuid:entry>/renew/              x   -   -   -   .   .   .   .   .   .   .   .
POST   api/v1/alert-uploads/                                 x   x   x   x   .   .   .   .   .   .   .   .
       api/v1/alert-uploads/<uuid:draft>/                    -   -   -   -   .   .   .   .   .   .   .   .
POST   api/v1/alert-uploads/<uuid:draft>/columns/            -   -   -   -   .   .   .   .   .   .   .   .
       api/v1/hits/                                          x   x   x   x   .   .   .   .   .   .   .   .
POST   api/v1/audit/searches/                                .   .   .   x   x   x   x   .   .   .   .   .
       api/v1/audit/searches/<uuid:search_id>/               .   .   .   -   -   -   x   .   .   .   .   .
DELETE api/v1/alert-entries/<uuid:entry>/                    x   -   -   -   .   .   .   .   .   .   .   .
"""


@pytest.fixture
def clients(
    request: pytest.FixtureRequest, make_user: Callable[..., User], signed_in: Callable[[User], Client],
) -> dict[str, Client]:
    people = {short: request.getfixturevalue(name) for short, name in PEOPLE.items() if name != "help_desk"}
    people["hlp"] = make_user("help_desk", role=Role.HELP_DESK)
    return {short: signed_in(people[short]) for short in PEOPLE}


@pytest.fixture
def ids(clients: dict[str, Client], watch: Callable[..., Entry], load_read: Callable[..., UUID]) -> dict[str, str]:
    """By the name of the argument: the query, list, entry and search of the table, and a read of the query. The review is
    the supervisor's; its question is the officer's, the notice is that of `officer2`, and the delivery the auditor's."""
    read = load_read(plate="XYZ1234", state="OH", captured_at=datetime.now(UTC))
    entry = watch(plate="XYZ1234", state="OH")
    asked = clients["off"].post("/queries/new/", {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d",
                                                  "for_whom": "self", "case_reference": CASE})
    clients["off"].post("/queries/new/", {"plate": "XYZ1234", "state": "OH", "reason": "CRIM", "timeframe": "7d",
                                          "for_whom": "other", "other_name": "officer2", "case_reference": CASE})
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    review = clients["svr"].post("/audit/reviews/new/", {"aor": "NYC", "since": day, "until": day, "method": "random"})
    item = ReviewItem.objects.latest("position")
    clients["svr"].post(f"{review['Location']}items/{item.pk}/", {"act": "ask", "question": "Why?"})
    searched = clients["aud"].post("/audit/", {"user": "officer"})
    clients["aud"].post("/audit/deliveries/new/", {"since": day, "until": day, "certificate": certificate_file(make_identity())})
    return {"query": asked["Location"].split("/")[2], "search_id": searched["Location"].split("/")[3],
            "alert_list": str(entry.alert_list_id), "entry": str(entry.pk), "read": str(read),
            "review": str(item.review_id), "item": str(item.pk), "question": str(Question.objects.get().pk),
            "notice": str(NamedNotice.objects.get().pk), "delivery": str(Delivery.objects.get().pk)}


def walk(ids: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Each address as (name of its line, method, path)."""
    for address in addresses.every():
        if address.name in ELSEWHERE or (address.is_admin and "<path" in address.route):
            continue
        path = address.path
        for name, _ in address.converters:
            path = path.replace(addresses.SAMPLES[addresses.UUIDConverter], ids[name], 1) if name in ids else path
        if "/report" in path:
            path += f"?read={ids['read']}"
        yield address.route or "/", METHODS.get(address.name, "get"), path


def in_order(found: Iterator[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What removes comes last."""
    return sorted(found, key=lambda line: line[1] == "delete")


def mark(client: Client, method: str, path: str) -> str:
    body = {"data": {}, "content_type": "application/json"} if path.startswith("/api/") and method == "post" else {}
    answer = getattr(client, method)(path, **body)
    to = answer.headers.get("Location", "")
    if path != "/admin/login/":
        assert not to.startswith(("/accounts/login/", "/accounts/rules/", "/accounts/training/")), path
    return MARKS.get(answer.status_code, str(answer.status_code))


@pytest.mark.req("ACC-10", "ALR-1", "AUD-12", "LIM-1")
def test_each_role_opens_what_the_table_says(clients, ids):
    lines = [f"{'':60} {' '.join(clients)}"]
    for route, method, path in in_order(walk(ids)):
        # The owner comes last, who may do what can be done once.
        found = {short: mark(clients[short], method, path) for short in reversed(PEOPLE)}
        marks = " ".join(f"{found[short]:3}" for short in PEOPLE)
        lines.append(f"{method.upper().replace('GET', ''):6} {route:53} {marks}".rstrip())
    assert [line.split() for line in lines] == [line.split() for line in TABLE.strip("\n").splitlines()], "\n".join(lines)
