'use strict'

// What every integration takes: an engine, where spans come from, and the proxies in front of the application.

const engines = require('../engine')
const { ArgumentError, kindOf, only } = require('../errors')

let made

/** The engine given, or the one of the process. */
function engineOf (engine) {
  if (engine instanceof engines.Engine) return engine
  if (engine !== undefined && engine !== null) throw new ArgumentError(`the engine must be an Engine, not ${kindOf(engine)}`)
  if (engines.defaultEngine !== undefined) return engines.defaultEngine()
  made ??= new engines.Engine()
  return made
}

/** The engine and the checked options. Invalid settings fail now, not with each request. */
function settled (given, options = {}) {
  only(options, ['span', 'client_ip_header', 'trusted_proxies'])
  const engine = engineOf(given)
  const { span, ...proxies } = options
  engine.call('client_ip', proxies)
  return { engine, span, proxies }
}

module.exports = { engineOf, settled }
