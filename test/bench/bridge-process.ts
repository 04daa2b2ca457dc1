// The bridge as a measured process: what `npm start` runs, with its memory watched.
import { readConfig } from '../../src/config.ts'
import { startServer } from '../../src/node.ts'
import { watchMemory } from './memory-watch.ts'

const read = readConfig(process.env, { needsPowerSchool: true })
if (!read.ok)
  throw new Error(`the bench's settings are wrong: ${read.faults.map((fault) => fault.variable).join(', ')}`)
watchMemory()
const running = await startServer(read.config)
process.once('SIGTERM', () => running.stop().then(() => process.exit(0)))
process.send?.({ url: running.url })
