// `npm run check:histories`: readers against writers under faults and kills, seed by seed; exit code 1 at any violation.
import { parseArgs } from 'node:util'
import { runRealHistory } from './real/run-real.ts'
import { printHistory, printTally } from './report.ts'
import { runHistory } from './run-history.ts'
import { createTally } from './tally.ts'

const USAGE = `Runs histories of the bridge and checks every answer in them.
  --seeds N   simulated histories (200)
  --from N    the first seed (1)
  --real N    histories of real processes (10)
  --long      larger districts and longer lives; 2000 and 50 unless told`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      real: { type: 'string' },
      long: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    console.log(USAGE)
    return 0
  }
  const isLong = values.long
  const seeds = wholeNumber('seeds', values.seeds ?? (isLong ? '2000' : '200'))
  const reals = wholeNumber('real', values.real ?? (isLong ? '50' : '10'))
  const from = wholeNumber('from', values.from)
  if (seeds === undefined || reals === undefined || from === undefined) return 2
  const tally = createTally()
  let violations = 0
  const startedMs = performance.now()
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await runHistory({ seed, isLong, tally })
    violations += result.violations.length
    printHistory(result, `node test/histories/check.ts --seeds 1 --real 0 --from ${seed}${isLong ? ' --long' : ''}`)
    showProgress(seed - from + 1, seeds)
  }
  for (let seed = from; seed < from + reals; seed += 1) {
    const result = await runRealHistory({ seed, isLong, tally })
    violations += result.violations.length
    printHistory(result, `node test/histories/check.ts --seeds 0 --real 1 --from ${seed}${isLong ? ' --long' : ''}`)
    showProgress(seed - from + 1, reals)
  }
  printTally(tally, violations, performance.now() - startedMs)
  return violations === 0 ? 0 : 1
}

/** A check of nothing would look like one that found nothing. */
function wholeNumber(option: string, text: string): number | undefined {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  console.error(`--${option} is ${text}; it must be a whole number.\n\n${USAGE}`)
  return undefined
}

function showProgress(done: number, all: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${all} `)
}

// Requests of killed processes leave timers behind, which nobody needs.
process.exit(await main())
