// The ceiling: a bare node:http server whose answers lie in memory. GET /N sends file N of the folder it is given.
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { watchMemory } from './memory-watch.ts'
import { endWithParent } from './parent.ts'

const folder = process.argv[2] ?? ''
const bodies = new Map(readdirSync(folder).map((name) => [`/${name}`, readFileSync(join(folder, name))]))
endWithParent()
watchMemory()
const server = createServer((request, response) => {
  const body = bodies.get(request.url ?? '')
  response.writeHead(body === undefined ? 404 : 200, {
    'content-type': 'application/json',
    'content-length': body?.length ?? 0,
  })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.once('SIGTERM', () => process.exit(0))
