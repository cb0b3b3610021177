"""Django REST framework with djangorestframework-simplejwt, as its documents set it up with rotation and blacklist
(django-rest-framework-simplejwt.readthedocs.io, "Getting started", "Blacklist app"), on SQLite in WAL mode. In one file, for the benchmark.

    python3 -m venv peer && peer/bin/pip install --requirement requirements.txt
    peer/bin/python app.py migrate
    peer/bin/gunicorn --workers 2 --worker-class gthread --threads 8 --keep-alive 75 --bind 127.0.0.1:8091 app:application
"""

import os
import sys
from datetime import timedelta
from pathlib import Path

from django.conf import settings

DATABASE = os.environ.get("PEER_DATABASE", str(Path(__file__).with_name("peer.sqlite3")))

settings.configure(
    DEBUG=False,
    SECRET_KEY="the benchmark's own, and nobody else's: 0123456789abcdef",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    # Tells each answer's length, as in every new project.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "rest_framework_simplejwt",
        "rest_framework_simplejwt.token_blacklist",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "CONN_MAX_AGE": None,
            "OPTIONS": {"init_command": "PRAGMA journal_mode=WAL;", "transaction_mode": "IMMEDIATE", "timeout": 20},
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    },
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(hours=24),
        "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    },
)

import django  # noqa: E402

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework.permissions import AllowAny, IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView  # noqa: E402


class Register(APIView):
    permission_classes = [AllowAny]
    authentication_classes = []

    def post(self, request):
        User.objects.create_user(request.data["username"], password=request.data["password"])
        return Response({}, status=201)


class Me(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"username": request.user.username})


urlpatterns = [
    path("register", Register.as_view()),
    path("token", TokenObtainPairView.as_view()),
    path("token/refresh", TokenRefreshView.as_view()),
    path("me", Me.as_view()),
]
application = get_wsgi_application()

if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
