// A simulated PowerSchool that a test serves on a free port and watches request by request.
import { datesInZone } from '../../fixtures/powerschool/calendar.ts'
import { createDistrict, type District, type DistrictOptions } from '../../fixtures/powerschool/district.ts'
import { type ServedPowerSchool, servePowerSchool } from '../../fixtures/powerschool/server.ts'
import { createPowerSchool, type PowerSchool, type SimulatorOptions } from '../../fixtures/powerschool/simulator.ts'
import { onTestEnd } from '../support/ending.ts'
import type { Environment } from './processes.ts'

export const CONSUMER = { id: 'e2e-consumer', secret: 'a-secret-of-the-tests-alone' }
export const ADMIN_TOKEN = 'an-admin-token-of-the-tests-alone'

export interface RunningPowerSchool extends PowerSchool {
  readonly url: string
  /** Called with the number of each request before it is answered; what it returns is waited for. */
  onRequest: (nth: number) => Promise<void> | void
  close(): Promise<void>
  /** Settings of a bridge that reads this PowerSchool. */
  environment(dataDir: string): Environment
}

/** The bridge's processes know the real day only, so the district is laid around it. */
export function realToday(): string {
  return datesInZone('America/Phoenix')(Date.now())
}

/** Served on a free port until the test ends. */
export async function startPowerSchool(
  district: Partial<DistrictOptions> = {},
  options: Omit<SimulatorOptions, 'district'> = {},
): Promise<RunningPowerSchool> {
  const made: District = createDistrict({
    students: 60,
    seed: 3,
    perStudentEnrollments: 3,
    today: realToday(),
    ...district,
  })
  let served: ServedPowerSchool | undefined
  let requests = 0
  const simulator = createPowerSchool({
    district: made,
    now: Date.now,
    pageSize: 20,
    // Its own waiting is where the tests look at each request.
    latencyMs: 1,
    sleep: async () => {
      requests += 1
      await running.onRequest(requests)
    },
    ...options,
  })
  const running: RunningPowerSchool = {
    ...simulator,
    url: '',
    onRequest: () => {},
    close: async () => {
      const closing = served
      served = undefined
      await closing?.close()
    },
    environment: (folder) => ({
      POWERSCHOOL_URL: running.url,
      POWERSCHOOL_CLIENT_ID: simulator.credentials.clientId,
      POWERSCHOOL_CLIENT_SECRET: simulator.credentials.clientSecret,
      POWERSCHOOL_TEMPLATE: 'rest',
      ONEROSTER_CLIENT_ID: CONSUMER.id,
      ONEROSTER_CLIENT_SECRET: CONSUMER.secret,
      ADMIN_TOKEN,
      DATA_DIR: folder,
      PORT: '0',
      SYNC_INTERVAL: 'PT0S',
    }),
  }
  served = await servePowerSchool(simulator, 0)
  const { url } = served
  onTestEnd(() => running.close())
  return Object.assign(running, { url })
}
