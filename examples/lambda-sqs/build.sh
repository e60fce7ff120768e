#!/bin/sh
# Write function.zip, for Python 3.13 on x86_64: sh build.sh CLONE-OF-READMODEL-CFN
# It has app.py, readmodel-cfn, obstore and msgspec.
set -eu
TARGET=${TARGET---python-version 3.13 --platform manylinux2014_x86_64 --only-binary=:all:}
rm -rf package function.zip
python -m pip install --quiet --no-deps --target package "$1"
python -m pip install --quiet --no-deps --target package $TARGET -r requirements.txt
cp app.py package
cd package
python -m zipfile --create ../function.zip ./*
