import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Engine } from '..'
import type { ProtectOptions } from './http'

/** A middleware for Express 4 and 5, and for connect. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (error?: any) => void) => void

/**
 * Makes the middleware that protects an application. It goes before all others: `app.use(protect())`.
 *
 * Parameters of the path, the user in `req.user`, and logins through passport are reported too. Handshakes of websockets do not
 * pass middlewares: `protect` of `bartizan/http` protects the server.
 *
 * @param engine the engine of the process by default, see `defaultEngine`
 * @param options its proxies override those of the engine
 * @throws ArgumentError if an argument is invalid
 */
export function protect(engine?: Engine | null, options?: ProtectOptions): Middleware
