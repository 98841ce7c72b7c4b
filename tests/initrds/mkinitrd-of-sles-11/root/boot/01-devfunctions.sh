#!/bin/bash
#%stage: boot
#%dontshow
