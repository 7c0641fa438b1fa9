/**
 * The shell integration: what bash runs before the agent's first prompt.
 *
 * Marks come from PS0 (start), PS1 (end with exit code, and the prompt's own end) and PS2 (continuation).
 * PROMPT_COMMAND puts marks back into prompts that lost them, and stands in for prompts that are printed into a file.
 * When all are gone, tracker.ts asks the kernel.
 *
 * The nonce keeps programs from printing marks by accident or by copying output. It is no secret from the shell's
 * owner: an agent that forges its own marks deceives nobody but itself, since outcomes come from the world's state.
 */
import { markPrefix } from "./marks.ts";

const nonceVariable = "AFTERSTATE_MARK";
const scriptVariable = "AFTERSTATE_RC";

/** No start-up files: neither the machine's nor what an agent may have left in its home. */
export const bashArgv: readonly string[] = ["/bin/bash", "--noprofile", "--norc", "-i"];

/** The script travels in the environment and runs before the first prompt, so that it needs no file in the sandbox. */
export function bashEnvironment(nonce: string): Readonly<Record<string, string>> {
  return {
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    // What would page, prints: an agent reads the output anyway.
    PAGER: "cat",
    GIT_PAGER: "cat",
    [nonceVariable]: nonce,
    [scriptVariable]: bashrc,
    PROMPT_COMMAND: `eval "$${scriptVariable}"`,
  };
}

/**
 * - PROMPT_COMMAND is a group with its output discarded, so that `set -x` and DEBUG traps stay silent about it. It
 *   costs every command a little, so it only looks, and calls for help where something is missing.
 * - After `exec 2>file` the prompts go into that file, and a PS1 may be read-only: a mark on /dev/tty says then that the
 *   command has ended. 42 is a descriptor that nobody uses; after `exec 2>&-` it cannot be had.
 * - History expansion is off ("!" in a command means itself), history stays out of the home directory, and pasted
 *   text is not highlighted, which would print it twice.
 */
const bashrc = `
__afterstate_mark=$'\\e]${markPrefix};'"$${nonceVariable}"
unset ${nonceVariable} ${scriptVariable} PROMPT_COMMAND HISTFILE
set +H
shopt -s checkwinsize
bind 'set enable-bracketed-paste on' 'set enable-active-region off' 'set bell-style none' 2>/dev/null
__afterstate_a='\\['$__afterstate_mark';A;$?;\${PWD//[[:cntrl:]]/?}\\a\\]'
__afterstate_b='\\['$__afterstate_mark';B\\a\\]'
__afterstate_c=$__afterstate_mark';C\\a'
__afterstate_p='\\['$__afterstate_mark';P\\a\\]'
__afterstate_help() {
  local -
  set +xeu
  if [[ ! -t 42 || $PS1 != *"$__afterstate_a"*"$__afterstate_b" ]]; then
    builtin printf '%s;D;%s;%s\\a' "$__afterstate_mark" "$__afterstate_status" "\${PWD//[[:cntrl:]]/?}" >/dev/tty
  fi
  [[ $PS0 == *"$__afterstate_c" ]] || PS0="$PS0$__afterstate_c"
  [[ $PS2 == *"$__afterstate_p" ]] || PS2="$PS2$__afterstate_p"
  [[ $PS1 == *"$__afterstate_a"*"$__afterstate_b" ]] || PS1="$__afterstate_a$PS1$__afterstate_b"
}
PS0=$__afterstate_c
PS1="$__afterstate_a\\w\\\\$ $__afterstate_b"
PS2="> $__afterstate_p"
PROMPT_COMMAND='{
  __afterstate_status=$?
  [[ -t 42 && \${PS1-} == *"$__afterstate_a"*"$__afterstate_b" && \${PS0-} == *"$__afterstate_c" && \${PS2-} == *"$__afterstate_p" ]] || __afterstate_help
  true
} 42>&2 >/dev/null 2>&1 || { __afterstate_status=; __afterstate_help; } >/dev/null 2>&1'
`;
