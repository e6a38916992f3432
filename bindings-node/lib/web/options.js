'use strict'

// What every integration takes: an engine, where spans come from, and the proxies in front of the application.

const { defaultEngine, Engine } = require('../engine')
const { ArgumentError, kindOf, only } = require('../errors')
const { watchLogins } = require('./passport')

/** The engine given, or the one of the process. */
function engineOf (engine) {
  if (engine instanceof Engine) return engine
  if (engine !== undefined && engine !== null) throw new ArgumentError(`the engine must be an Engine, not ${kindOf(engine)}`)
  return defaultEngine()
}

/** The engine and the checked options. Invalid settings fail now, not with each request. */
function settled (given, options = {}) {
  only(options, ['span', 'client_ip_header', 'trusted_proxies'])
  const engine = engineOf(given)
  const { span, ...proxies } = options
  engine.call('client_ip', proxies)
  watchLogins()
  return { engine, span, proxies }
}

module.exports = { engineOf, settled }
