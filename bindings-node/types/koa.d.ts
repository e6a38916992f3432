import type { Context, Next } from 'koa'
import type { Engine, ServedRequest } from '..'
import type { ProtectOptions } from './http'

/**
 * Makes the middleware that protects an application. It goes before all others: `app.use(protect())`.
 *
 * The parameters that a router sets as `ctx.params`, and the user in `ctx.state.user`, are reported too. Handshakes of
 * websockets do not pass middlewares: `protect` of `bartizan/http` protects the server.
 *
 * @param engine the engine of the process by default, see `defaultEngine`
 * @param options its proxies override those of the engine
 * @throws ArgumentError if an argument is invalid
 */
export function protect(engine?: Engine | null, options?: ProtectOptions): (ctx: Context, next: Next) => Promise<void>

declare module 'koa' {
  interface ExtendableContext {
    /** The request as the engine knows it. */
    bartizan?: ServedRequest
  }
}
