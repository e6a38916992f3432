'use strict'

const { ArgumentError, Blocked, ConfigurationError, DisposedError } = require('./lib/errors')
const { Waf, Context, ENGINE_VERSION } = require('./lib/waf')
const { Result } = require('./lib/result')
const sdk = require('./lib/sdk')
const { Engine, ServedRequest, defaultEngine } = require('./lib/engine')
const { protectCalls } = require('./lib/calls')
const { protection } = require('./lib/web/express')
const { Detector } = require('./lib/takeover')
const { Notifier } = require('./lib/notifier')

const takeover = { Detector, Notifier }

// ES modules find these names as long as each stands by itself.
module.exports = {
  Waf,
  Context,
  Result,
  ConfigurationError,
  ArgumentError,
  Blocked,
  DisposedError,
  ENGINE_VERSION,
  sdk,
  Engine,
  ServedRequest,
  defaultEngine,
  protectCalls,
  protection,
  takeover
}
