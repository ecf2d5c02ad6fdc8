from django.urls import path

from applications.web import case_views, section_views, views

app_name = "applications"
urlpatterns = [
    path("", views.application_list, name="list"),
    path("messages/", case_views.notices, name="notices"),
    path("start/<slug:code>/", views.start, name="start"),
    path("<str:reference>/", case_views.status, name="status"),
    path("<str:reference>/tasks/", views.tasks, name="tasks"),
    path("<str:reference>/consents/", views.sign, name="sign"),
    path("<str:reference>/documents/", views.documents, name="documents"),
    path("<str:reference>/documents/<str:public_id>/", views.download, name="download"),
    path("<str:reference>/documents/<str:public_id>/remove/", views.remove_document, name="remove_document"),
    path("<str:reference>/documents/<str:public_id>/reuse/", views.reuse_document, name="reuse_document"),
    path("<str:reference>/check/", views.check, name="check"),
    path("<str:reference>/submit/", case_views.submit, name="submit"),
    path("<str:reference>/withdraw/", case_views.withdraw, name="withdraw"),
    path("<str:reference>/undo/", case_views.undo, name="undo"),
    path("<str:reference>/offer/", case_views.answer_offer, name="answer_offer"),
    path("<str:reference>/discard/", case_views.discard, name="discard"),
    path("<str:reference>/supplements/<int:supplement_id>/", case_views.answer_supplement, name="answer_supplement"),
    path("<str:reference>/sections/<slug:name>/", section_views.section, name="section"),
    path("<str:reference>/sections/<slug:name>/autosave/", section_views.autosave, name="autosave"),
]
