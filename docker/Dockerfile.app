# The image of an application: copy this file beside your requirements.txt
# and your code, and name your application in the last line. It needs no base
# image but greencorn, and no shell anywhere.
#
#     docker build -f Dockerfile.app -t my-app .
#     docker run --rm -p 8000:8000 my-app
ARG GREENCORN=localhost/greencorn:latest

# pip runs in the scratch image itself. What it installs belongs to root, so
# that the application, which is not root, cannot change its own packages.
FROM ${GREENCORN} AS deps
USER 0:0
COPY requirements.txt /app/requirements.txt
RUN ["/greencorn", "pip", "install", "--no-cache-dir", "--target", "/app/site-packages", "-r", "/app/requirements.txt"]

FROM ${GREENCORN}
COPY --from=deps /app/site-packages /app/site-packages
COPY . /app
ENV GREENCORN_WSGI_APP=app:app
