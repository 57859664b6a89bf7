from django.urls import path

from audit import delivery_views, statistics_views, views
from audit.contract import views as contract_views
from audit.incidents import views as incident_views
from audit.retention import views as retention_views
from audit.reviews import own_views
from audit.reviews import views as review_views

app_name = "audit"
urlpatterns = [
    path("", views.search_form, name="search"),
    path("searches/<uuid:search_id>/", views.results, name="results"),
    path("searches/<uuid:search_id>/bundle", views.bundle, name="bundle"),
    path("searches/<uuid:search_id>/export.xlsx", views.export, {"format": "xlsx"}, name="export_xlsx"),
    path("searches/<uuid:search_id>/export.pdf", views.export, {"format": "pdf"}, name="export_pdf"),
    path("statistics/", statistics_views.statistics_page, name="statistics"),
    path("statistics/report.xlsx", statistics_views.statistics_file, {"format": "xlsx"}, name="statistics_xlsx"),
    path("statistics/report.pdf", statistics_views.statistics_file, {"format": "pdf"}, name="statistics_pdf"),
    path("deliveries/", delivery_views.deliveries, name="deliveries"),
    path("deliveries/new/", delivery_views.ask, name="delivery_new"),
    path("deliveries/<uuid:delivery>/", delivery_views.delivery, name="delivery"),
    path("deliveries/<uuid:delivery>/file.zip", delivery_views.file, name="delivery_file"),
    path("reviews/", review_views.reviews, name="reviews"),
    path("reviews/new/", review_views.begin, name="review_new"),
    path("reviews/<uuid:review>/", review_views.review, name="review"),
    path("reviews/<uuid:review>/items/<uuid:item>/", review_views.item, name="review_item"),
    path("reviews/<uuid:review>/signals/", review_views.signals, name="review_signals"),
    path("reviews/<uuid:review>/choose/", review_views.choose, name="review_choose"),
    path("reviews/<uuid:review>/draw-again/", review_views.draw_again, name="review_draw_again"),
    path("reviews/<uuid:review>/report.pdf", review_views.report, name="review_report"),
    path("reviews/disowned/<uuid:question>/review/", review_views.take, name="review_disowned"),
    path("incidents/", incident_views.incidents, name="incidents"),
    path("incidents/new/", incident_views.open_incident, name="incident_new"),
    path("incidents/<uuid:incident>/", incident_views.incident, name="incident"),
    path("incidents/suspected-use/new/", incident_views.open_suspected_use, name="suspected_use_new"),
    path("incidents/suspected-use/<uuid:suspected_use>/", incident_views.suspected_use, name="suspected_use"),
    path("contract-end/", contract_views.contract_end, name="contract_end"),
    path("retention/", retention_views.retention, name="retention"),
    path("questions/", own_views.own, name="own_questions"),
    path("questions/<uuid:question>/answer/", own_views.answer, name="question_answer"),
    path("questions/named/<uuid:notice>/disown/", own_views.disown, name="disown"),
]
