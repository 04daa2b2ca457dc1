// `bridge check`: can the bridge reach PowerSchool, and may it read what it needs?

import { setTimeout as wait } from 'node:timers/promises'
import { silentLog } from '../log.ts'
import { nodeFetch } from '../node.ts'
import { checkConnection } from '../powerschool/check.ts'
import { createPowerSchoolClient } from '../powerschool/client.ts'
import type { Command } from './command.ts'
import { print, printJson } from './output.ts'
import { connectedSettings } from './settings.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'Checks the connection to PowerSchool: server, credentials, rights, schools; each failure with its remedy.',
  usage: 'bridge check [--json]',
  options: {},
  positionals: 0,
  async run({ isJson }) {
    const config = connectedSettings()
    const client = createPowerSchoolClient({
      ...config.powerSchool,
      fetch: nodeFetch(config),
      concurrency: config.powerSchoolConcurrency,
      minIntervalMs: config.powerSchoolMinIntervalMs,
      now: Date.now,
      sleep: (ms, signal) => wait(ms, undefined, signal === undefined ? {} : { signal }),
      random: Math.random,
      log: silentLog,
      // A person is waiting: a failure is told at once.
      maxAttempts: 1,
      timeoutMs: 20_000,
    })
    const check = await checkConnection(client)
    if (isJson) printJson(check)
    else {
      for (const { name, ok, detail, remedy, elapsedMs } of check.steps) {
        print(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(11)}  ${detail} (${elapsedMs} ms)`)
        if (remedy !== undefined) print(`        → ${remedy}`)
      }
    }
    return check.ok ? 0 : 1
  },
}
