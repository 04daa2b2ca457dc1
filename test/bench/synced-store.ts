// A store that was synced once, for parts of the bench that measure what comes after.
import { join } from 'node:path'
import { bridgeEnvironment, connectBridge } from './bridge-client.ts'
import { type PowerSchoolProcess, startServerProcess } from './processes.ts'
import { untilIdle } from './store-file.ts'

/** Answers its folder. */
export async function syncedStore(options: { powerSchool: PowerSchoolProcess; folder: string }): Promise<string> {
  const dataDir = join(options.folder, 'synced')
  const bridge = await startServerProcess('bridge-process.ts', bridgeEnvironment(options.powerSchool, dataDir))
  const client = await connectBridge(bridge.url)
  await client.latestSync()
  await untilIdle(dataDir)
  await client.close()
  await bridge.stop()
  return dataDir
}
