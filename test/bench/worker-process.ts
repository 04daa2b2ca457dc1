// The Worker in workerd as a measured process. Its environment: WORKER_FOLDER (the bundle), WORKER_STATE and WORKER_SETTINGS (JSON).
import { readFileSync } from 'node:fs'
import { convertV4MiniflareOptions, Miniflare } from 'miniflare'
import { endWithParent } from './parent.ts'
import { compatibility, modulesOf } from './worker-bundle.ts'
import { watchWorkerd } from './workerd-memory.ts'

const NAME = 'bridge'
const HOST = '127.0.0.1'
const { WORKER_FOLDER = '', WORKER_STATE = '', WORKER_SETTINGS = '{}' } = process.env

endWithParent()
let steps = 0
const errors: string[] = []

/** One of the Worker's own lines, which are JSON, or one of workerd's. */
function readLog(message: string): void {
  if (message.includes('"event":"sync-step-started"')) steps += 1
  if (/"level":"(?:error|warn)"/.test(message) || !message.startsWith('{')) errors.push(message)
}

const options = convertV4MiniflareOptions({
  name: NAME,
  modules: modulesOf(WORKER_FOLDER),
  modulesRoot: WORKER_FOLDER,
  ...compatibility(),
  bindings: JSON.parse(WORKER_SETTINGS),
  durableObjects: {
    PROFILES: { className: 'ProfileObject', useSQLite: true },
    CONTROL: { className: 'ControlObject', useSQLite: true },
  },
  host: HOST,
  port: 0,
  inspectorPort: 0,
  cf: false,
  // Past what else listens in front of a Worker on this machine.
  unsafeDirectSockets: [{ host: HOST, port: 0 }],
  handleStructuredLogs: ({ message }) => readLog(message),
})
const startedMs = performance.now()
const miniflare = new Miniflare({ ...options, resourcePersistencePath: WORKER_STATE })
await miniflare.ready
const readyMs = performance.now() - startedMs
const url = String(await miniflare.unsafeGetDirectURL(NAME)).replace(/\/$/, '')
const inspector = String(await miniflare.getInspectorURL()).replace(/\/$/, '')
const memory = await watchWorkerd(workerdPid(), `${inspector}/core:user:${NAME}`)

const ANSWERS: Readonly<Record<string, () => object>> = {
  memory: () => memory.peak(),
  /** Since the last time. */
  log() {
    const told = { steps, errors: errors.splice(0) }
    steps = 0
    return told
  },
}
process.on('message', (message) => process.send?.(ANSWERS[String(message)]?.() ?? {}))
process.once('SIGTERM', async () => {
  memory.close()
  await miniflare.dispose()
  process.exit(0)
})
process.send?.({ url, readyMs, workerdPid: workerdPid() })

/** It is the only child. */
function workerdPid(): number {
  return Number(readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').trim().split(' ')[0])
}
