// Checked by tsc, never run: the declarations fit the way the package is used.
import express from 'express'
import fastify from 'fastify'
import http from 'node:http'
import http2 from 'node:http2'
import Koa from 'koa'
import { protect as protectExpress } from 'bartizan/express'
import bartizanFastify from 'bartizan/fastify'
import { protect as protectHttp } from 'bartizan/http'
import { protect as protectKoa } from 'bartizan/koa'
import { ArgumentError, Blocked, ConfigurationError, Context, defaultEngine, Engine, ENGINE_VERSION, protectCalls, protection, Result, sdk, takeover, Waf } from '..'

const version: string = ENGINE_VERSION
const waf = new Waf({ version: '2.2', rules: [] }, { timeoutMs: 5, maxStringLength: 10 })
new Waf()
new Waf(null)
const context: Context = waf.context()
const result: Result = context.run({ 'server.request.query': { q: ['x'] } }, { timeoutMs: 1 })
context.runBatches([{}, {}]).truncated?.stringLength.toFixed()
const id: string | undefined = result.events[0]?.rule.id
const section = waf.update('path', {}).rules?.failed?.[0]
const names: string[] = [...waf.knownAddresses, ...waf.knownActions, ...waf.paths(), version, id ?? '', section ?? '']
{
  using sub = context.subcontext()
  sub.run({})
}
try {
  waf.remove('path')
} catch (error) {
  if (error instanceof ConfigurationError) names.push(error.message, error.diagnostics.error ?? '', error.code)
  if (error instanceof ArgumentError || error instanceof Blocked) names.push(error.code)
}
sdk.call('anonymize', { input: 'x' })
new sdk.Service({ trace_rate_limit: 1 }).call('block', { user: 'u' })
const request = new sdk.Request({ span: { setTag: () => {} }, context, mode: 'anonymization' })
const accepted: boolean = sdk.run(request, () => sdk.trackUserLoginSuccess('bob', { id: 1 }, { k: 'v' }).accepted)
names.push(...waf.warnings.map(({ message }) => message), ...result.incomplete, waf.diagnostics.warnings[0]?.kind ?? '')
sdk.trackUserSignupEvent('u', true, 'bob')
sdk.submitBusinessLogic('payment.failure', { amount: 3 })?.blocked.valueOf()
names.push(...sdk.setUser('u').warnings, String(accepted || sdk.isUserBlocked('u') || sdk.isUserBlocked({ id: 1n }, 's')))
const engine = new Engine({ version: '2.2', rules: [] }, { enabled: null })
engine.block({ user: 'u', ip: '203.0.113.7', seconds: 1 }).until.toFixed()
names.push(...engine.warnings.map(({ id }) => id), engine.diagnostics.ruleset_version ?? '')
const served = engine.request({ setAttribute: () => {} }, () => {})
names.push(...engine.applyRemote({ removed: ['p'] }).states.map(({ error }) => error), String(served.start({ method: 'GET' })))
protection(engine, (req) => req.span).begin({}, {}, () => {})
const detector = new takeover.Detector({ bartizan_ato: {} }, { clock: 'manual', startMs: 0, service: 'auth' })
const verdict: boolean = detector.event({ event: 'users.login.failure', 'usr.login': 'bob' }).opened
const number: number = detector.subscribe(({ kind, title }) => names.push(kind, title), { minSeverity: 'low', kinds: ['opened'] })
detector.block({ ip: '203.0.113.9', seconds: 60, mode: 'stealth' })
names.push(String(verdict || detector.unsubscribe(number)), detector.assess({}).decision, detector.signals({ limit: 1 })[0]?.id ?? '')
for (const piece of detector.export('id', 'ips.csv') ?? []) names.push(String(piece.length + detector.unblock({ all: true })))
takeover.Detector.restore(detector.snapshot(), null, { clock: 'manual' }).advance(detector.timeMs)
void new takeover.Notifier(detector, 'webhook', 'https://example.org', { secret: 's' }).close()
names.push(engine.takeover?.diagnostics?.error ?? '')
express().use(protectExpress(), protectExpress(engine, { span: () => undefined, trusted_proxies: [] }))
express().get('/', (req, res) => { if (req.bartizan?.stepUp || req.blockRequest?.()) res.end() })
void fastify().register(bartizanFastify, { engine }).register(bartizanFastify)
fastify().get('/', (request) => request.bartizan.blocked)
new Koa().use(protectKoa()).use((ctx) => { ctx.body = ctx.bartizan?.blocked })
const httpServer: http.Server = protectHttp(http.createServer(protectHttp((req, res) => res.end(req.bartizan?.message('x')))), engine)
const http2Server: http2.Http2Server = protectHttp(http2.createServer(), defaultEngine())
names.push(String(protectCalls() || protectCalls(false)), String(httpServer.listening || http2Server.listening), String(sdk.current()))
served.operation({ 'server.io.fs.file': '/etc/passwd' })
// @ts-expect-error the engine is no option of this one
protectExpress({ span: () => undefined })
// @ts-expect-error there is no such receiver
new takeover.Notifier(detector, 'pigeon')
// @ts-expect-error contexts are made by a Waf
new Context()
// @ts-expect-error results cannot be changed
result.keep = false
