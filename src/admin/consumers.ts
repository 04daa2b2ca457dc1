// The admin API's consumers: the same life as on the command line, as JSON.
import { Hono, type Context as HonoContext } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import {
  addClient,
  type ClientRefusal,
  type ClientResult,
  findClient,
  listClients,
  removeClient,
  rotateClient,
  type SecretResult,
  updateClient,
} from '../auth/clients.ts'
import { presentClient } from '../auth/present-client.ts'
import type { Context } from '../context.ts'
import { consumerSchemas, readBody } from './consumer-bodies.ts'
import { adminRoot } from './root.ts'

const MAX_BODY_BYTES = 65_536

/** Routes below `/admin/consumers`; who may ask has been decided. A secret is told once, where it is made. */
export function adminConsumers(context: Context): Hono {
  const app = new Hono()
  const { log } = context
  const schemas = consumerSchemas(context)
  const href = (id: string) => `${adminRoot(context)}/consumers/${encodeURIComponent(id)}`

  app.use(async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: (c) => faulty(c, ['The body is too long.'], 413) }))

  app.get('/', (c) => c.json({ consumers: listClients(context).map(presentClient) }))
  app.post('/', async (c) => {
    const read = await readBody(c.req, schemas.added)
    if (!read.ok) return faulty(c, read.messages)
    const { schools, ...wanted } = read.value
    const result = await addClient({ ...wanted, schools: schools ?? undefined }, context)
    if (result.ok) {
      log.info('consumer-added', { consumer: result.client.id })
      c.header('Location', href(result.client.id))
    }
    return tellSecret(c, result, 201)
  })
  app.get('/:id', (c) => tell(c, findClient(c.req.param('id'), context)))
  app.patch('/:id', async (c) => {
    const id = c.req.param('id')
    const present = findClient(id, context)
    if (!present.ok) return refuse(c, present)
    const read = await readBody(c.req, schemas.changed)
    if (!read.ok) return faulty(c, read.messages)
    const result = updateClient(id, read.value, context)
    if (result.ok) log.info('consumer-changed', { consumer: id })
    return tell(c, result)
  })
  app.post('/:id/rotate', async (c) => {
    const id = c.req.param('id')
    const read = await readBody(c.req, schemas.rotation, '{}')
    if (!read.ok) return faulty(c, read.messages)
    const { overlapSeconds } = read.value
    const overlapMs = overlapSeconds === undefined ? undefined : overlapSeconds * 1_000
    const result = await rotateClient(id, { overlapMs }, context)
    if (result.ok) log.info('consumer-rotated', { consumer: id })
    return tellSecret(c, result, 200)
  })
  app.delete('/:id', (c) => {
    const id = c.req.param('id')
    const result = removeClient(id, context)
    if (!result.ok) return refuse(c, result)
    log.info('consumer-removed', { consumer: id })
    return c.body(null, 204)
  })
  return app
}

function tell(c: HonoContext, result: ClientResult): Response {
  return result.ok ? c.json(presentClient(result.client)) : refuse(c, result)
}

function tellSecret(c: HonoContext, result: SecretResult, status: 200 | 201): Response {
  if (!result.ok) return refuse(c, result)
  const { client, secret, notes } = result
  return c.json({ ...presentClient(client), secret, notes }, status)
}

function faulty(c: HonoContext, messages: readonly string[], status: 400 | 413 = 400): Response {
  return c.json({ error: 'request-invalid', messages }, status)
}

const REFUSALS = {
  unknown: { status: 404, error: 'not-found' },
  settings: { status: 409, error: 'from-settings' },
  invalid: { status: 400, error: 'request-invalid' },
} as const satisfies Record<ClientRefusal['reason'], unknown>

function refuse(c: HonoContext, { reason, messages }: ClientRefusal): Response {
  const { status, error } = REFUSALS[reason]
  return c.json({ error, messages }, status)
}
