from django.urls import path

from accounts.web import views

app_name = "accounts"
urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/code/", views.login_code, name="login_code"),
    path("logout/", views.logout, name="logout"),
    path("text-size/", views.text_size, name="text_size"),
    path("enterprises/", views.enterprises, name="enterprises"),
    path("enterprises/claim/", views.claim, name="claim"),
    path("enterprises/<str:uscc>/", views.enterprise, name="enterprise"),
    path("enterprises/<str:uscc>/verify/", views.verify_identity, name="verify_identity"),
    path("enterprises/<str:uscc>/invite/", views.invite, name="invite"),
    path("enterprises/<str:uscc>/consents/<int:consent_id>/revoke/", views.revoke_consent, name="revoke_consent"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
    path("referrals/<str:token>/", views.referral, name="referral"),
    path("outbox/", views.outbox, name="outbox"),
]
