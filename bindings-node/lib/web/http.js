'use strict'

// Servers and request listeners of node:http, node:https and node:http2.

const { Server } = require('node:net')
const { ArgumentError, kindOf } = require('../errors')
const { Exchange } = require('./exchange')
const { settled } = require('./options')
const { serveStream } = require('./stream')
const { upgrade } = require('./upgrade')

const isProtected = Symbol('bartizan')

/**
 * Protects a server, or a request listener. A server is protected as a whole, whenever its listeners are added, with
 * handshakes of websockets and streams of HTTP/2; of a listener, the protected one is returned.
 */
function protect (target, engine, options) {
  // Applications of Express are listeners, too.
  if (typeof target === 'function') return listener(target, settled(engine, options))
  if (!(target instanceof Server)) throw new ArgumentError(`expected a server or a request listener, not ${kindOf(target)}`)
  if (!target[isProtected]) {
    Object.defineProperty(target, isProtected, { value: true })
    protectServer(target, settled(engine, options))
  }
  return target
}

function listener (listen, settings) {
  return function (req, res) {
    return serve(settings, req, res, () => listen.call(this, req, res))
  }
}

function serve (settings, req, res, next, later = false) {
  if (req.bartizan !== undefined) return next()
  const { proxies } = settings
  return new Exchange(settings.engine, req, res, settings).begin(next, { proxies, later })
}

function protectServer (server, settings) {
  const { emit } = server
  server.emit = function (event, ...args) {
    const pass = () => emit.call(server, event, ...args)
    const [first, second] = args
    switch (event) {
      case 'request':
      case 'checkExpectation':
        serve(settings, first, second, pass)
        return true
      case 'checkContinue':
        // The client sends the body only when the application asks for it.
        serve(settings, first, second, pass, true)
        return true
      case 'upgrade':
      case 'connect':
        if (first?.rawHeaders === undefined || server.listenerCount(event) === 0) return pass()
        upgrade(settings, first, second, pass)
        return true
      case 'stream':
        // The listener that makes requests of streams is one of the listeners.
        if (server.listenerCount('request') > 0) return pass()
        serveStream(settings, first, second, args[3] ?? [], pass)
        return true
      default:
        return pass()
    }
  }
}

module.exports = { protect }
