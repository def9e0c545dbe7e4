(function (host) { 'use strict'; })
