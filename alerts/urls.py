from django.urls import path

from alerts.views import adding, dispositions, hits, inbox, lists, mail_choice, renewals, sharing, uploads

app_name = "alerts"
urlpatterns = [
    path("", lists.all_lists, name="lists"),
    path("new/", adding.add, name="new"),
    path("hits/", hits.all_hits, name="hits"),
    path("hits/<uuid:hit>/", hits.one_hit, name="hit"),
    path("hits/<uuid:hit>/share/", sharing.of_hit, name="share_hit"),
    path("hits/<uuid:hit>/disposition/", dispositions.of_hit, name="dispose_hit"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="inbox_read"),
    path("mail/", mail_choice.choose, name="mail_choice"),
    path("statistics/", dispositions.statistics, name="statistics"),
    path("upload/", uploads.upload, name="upload"),
    path("upload/template.csv", uploads.template, name="upload_template"),
    path("upload/<uuid:draft>/", uploads.draft, name="upload_draft"),
    path("upload/<uuid:draft>/bad-rows.csv", uploads.bad_rows, name="upload_bad_rows"),
    path("renewals/", renewals.renewals, name="renewals"),
    path("search/", lists.search, name="search"),
    path("<uuid:alert_list>/sharing/", sharing.of_list, name="sharing"),
    path("<uuid:alert_list>/", lists.one_list, name="list"),
]
