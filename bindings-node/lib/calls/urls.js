'use strict'

// URLs that an application requests, by node:http, node:https, or `fetch` with the redirects that it follows.

const http = require('node:http')
const https = require('node:https')
const diagnostics = require('node:diagnostics_channel')
const { Writable } = require('node:stream')
const { judging, refusal, refuseAsync, wrap } = require('./judge')

const wanted = (url, method) => ({ 'server.io.net.url': url, 'server.io.net.request.method': method })

/** The URL and method of a call of `request`, as `(url, options)` or `(options)`. */
const described = (protocol) => function (target, more) {
  const text = typeof target === 'string' || target instanceof URL
  const options = (text ? more : target) ?? {}
  const method = typeof options.method === 'string' ? options.method.toUpperCase() : 'GET'
  if (text) return wanted(String(target), method)
  const scheme = options.protocol ?? options.agent?.protocol ?? protocol
  const host = options.hostname ?? options.host ?? 'localhost'
  if (options.socketPath !== undefined || typeof host !== 'string') return undefined
  const bracketed = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
  const port = options.port === undefined || options.port === null ? '' : `:${options.port}`
  return wanted(`${scheme}//${bracketed}${port}${options.path ?? '/'}`, method)
}

function ofFetch (input, options) {
  const url = typeof input === 'string' || input instanceof URL ? String(input) : input?.url
  return typeof url === 'string' ? wanted(url, String(options?.method ?? input?.method ?? 'GET').toUpperCase()) : undefined
}

/** A request that cannot be sent. */
function refusedRequest (error) {
  const request = new Writable({ write (piece, encoding, done) { done() } })
  const nothing = () => request
  for (const name of ['abort', 'flushHeaders', 'removeHeader', 'setHeader', 'setNoDelay', 'setSocketKeepAlive', 'setTimeout']) request[name] = nothing
  for (const name of ['getHeader', 'getHeaders', 'getHeaderNames', 'hasHeader']) request[name] = () => undefined
  process.nextTick(() => request.destroy(request.listenerCount('error') > 0 ? error : undefined))
  return request
}

function wrapUrls () {
  for (const [module, protocol] of [[http, 'http:'], [https, 'https:']]) {
    for (const name of ['request', 'get']) wrap(module, name, described(protocol), refusedRequest)
  }
  wrap(globalThis, 'fetch', ofFetch, refuseAsync)
  // Tells of each request of `fetch` and undici, those that follow a redirect included.
  diagnostics.subscribe('undici:request:create', ({ request: sent }) => {
    const request = judging()
    if (request === undefined || sent.method === 'CONNECT') return
    const error = refusal(request, wanted(`${sent.origin}${sent.path}`, sent.method))
    if (error === undefined) return
    try {
      sent.onError(error)
    } catch {
      // Not every version can be stopped here; the response is replaced all the same.
    }
  })
}

module.exports = { wrapUrls }
