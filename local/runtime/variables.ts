// The environment variables a function finds: the ones it was given, and Lambda's own.
import { PipelineError } from '../../functions/errors.ts'

export interface VariablesOptions {
  functionName: string
  handler: string
  memoryMB: number
  taskRoot: string
  logStreamName: string
  given: Record<string, string>
}

/**
 * Everything `process.env` holds inside an environment; of the caller's own environment nothing gets in.
 *
 * Left out, because there is nothing behind them here: AWS_LAMBDA_RUNTIME_API, the X-Ray variables, and credentials.
 * Credentials and AWS_REGION are the stage's to give. https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function functionVariables(options: VariablesOptions): Record<string, string> {
  const region = options.given.AWS_REGION ?? options.given.AWS_DEFAULT_REGION ?? 'us-east-1'
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    ...options.given,
    _HANDLER: options.handler,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: options.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupName(options.functionName),
    AWS_LAMBDA_LOG_STREAM_NAME: options.logStreamName,
    LAMBDA_TASK_ROOT: options.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
  }
}

/** Lambda keeps these for itself; the region and the credentials too, but here they are the stage's to give. */
const kept = /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_EXECUTION_ENV|AWS_LAMBDA_.*|LAMBDA_TASK_ROOT|LAMBDA_RUNTIME_DIR)$/

/** @throws PipelineError CONFIG_INVALID when a given variable is one that Lambda would refuse. */
export function checkGiven(functionName: string, given: Record<string, string>): void {
  const refused = Object.keys(given).filter((name) => kept.test(name))
  if (refused.length === 0) return
  throw new PipelineError('CONFIG_INVALID', `${functionName}: Lambda keeps ${refused.join(', ')} for itself`)
}

export function logGroupName(functionName: string): string {
  return `/aws/lambda/${functionName}`
}
