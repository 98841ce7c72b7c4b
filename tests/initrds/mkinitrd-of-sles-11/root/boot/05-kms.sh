#!/bin/bash
#%stage: boot
#%modules: $kms_modules
#%if: "$kms_modules"
