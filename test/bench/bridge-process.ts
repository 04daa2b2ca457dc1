// The bridge as a measured process: what `npm start` runs, with its memory and its event loop watched.
import { readConfig } from '../../src/config.ts'
import { startServer } from '../../src/node.ts'
import { watchLoop } from './loop-watch.ts'
import { watchMemory } from './memory-watch.ts'
import { endWithParent } from './parent.ts'

const read = readConfig(process.env, { needsPowerSchool: true })
if (!read.ok)
  throw new Error(`the bench's settings are wrong: ${read.faults.map((fault) => fault.variable).join(', ')}`)
endWithParent()
watchMemory()
watchLoop()
const running = await startServer(read.config)
process.once('SIGTERM', () => running.stop().then(() => process.exit(0)))
process.send?.({ url: running.url })
