// A consumer as a process of its own: reads page after page from `start` to `stop`, and answers how long each took.

import { connectBridge } from './bridge-client.ts'
import { millisecondsOf } from './measure.ts'
import { endWithParent } from './parent.ts'

/** Milliseconds of each page. */
export interface ReadTimes {
  readonly plain: readonly number[]
  readonly gzip: readonly number[]
}

const [url = '', ...pages] = process.argv.slice(2)
endWithParent()
const client = await connectBridge(url)
let next = 0
let isReading = false
let reading: Promise<ReadTimes> | undefined

/** Plain and gzip in turn: what happens meanwhile meets both alike. Pages follow one another as in a drain. */
async function readOn(): Promise<ReadTimes> {
  const plain: number[] = []
  const gzip: number[] = []
  while (isReading) {
    const page = pages[next++ % pages.length] ?? ''
    plain.push(await millisecondsOf(() => client.get(page)))
    gzip.push(await millisecondsOf(() => client.getGzip(page)))
  }
  return { plain, gzip }
}

const ANSWERS: Readonly<Record<string, () => Promise<object>>> = {
  async start() {
    isReading = true
    reading = readOn()
    return { isReading }
  },
  async stop() {
    isReading = false
    return (await reading) ?? { plain: [], gzip: [] }
  },
}
process.on('message', async (message) => process.send?.((await ANSWERS[String(message)]?.()) ?? {}))
process.send?.({ pages: pages.length })
