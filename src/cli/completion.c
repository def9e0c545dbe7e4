/*
 * fairlead completion: scripts for shells, which know the commands, their verbs and their options.
 *
 * All of it is read from what "--help" prints, so that it cannot say anything else: a line "fairlead COMMAND VERB"
 * names a verb, a line "  --name ARGUMENT  what it does" an option.
 */
#include <stdio.h>

#include "base/buffer.h"
#include "cli/command.h"

const char completion_usage[] =
    "usage: fairlead completion bash|zsh|fish\n"
    "\n"
    "Prints a script for the shell. For this session:\n"
    "  bash  source <(fairlead completion bash)\n"
    "  zsh   source <(fairlead completion zsh)\n"
    "  fish  fairlead completion fish | source\n";

enum { USAGE_COLUMN = 7 }; /* behind "usage: " */

/* What an option wants behind it. */
enum argument { ARGUMENT_NONE, ARGUMENT_TEXT, ARGUMENT_FILE, ARGUMENT_FOLDER };

struct option_line {
    struct text name, summary; /* the name with its dashes */
    enum argument argument;
};

/* ---- reading the help ---- */

static struct text take_word(struct text *rest)
{
    while (rest->size > 0 && rest->data[0] == ' ')
        *rest = text_slice(*rest, 1, rest->size);
    ptrdiff_t end = text_find_byte(*rest, ' ');
    struct text word = text_slice(*rest, 0, end < 0 ? rest->size : (size_t)end);
    *rest = text_slice(*rest, word.size, rest->size);
    return word;
}

static enum argument argument_of(struct text word)
{
    return text_starts_with(word, TEXT("FILE"))  ? ARGUMENT_FILE
           : text_starts_with(word, TEXT("DIR")) ? ARGUMENT_FOLDER
                                                 : ARGUMENT_TEXT;
}

static bool read_option(struct text line, struct option_line *option)
{
    if (!text_starts_with(line, TEXT("  --")))
        return false;
    option->name = take_word(&line);
    option->argument = ARGUMENT_NONE;
    if (!text_starts_with(line, TEXT("  "))) /* one blank, and its argument */
        option->argument = argument_of(take_word(&line));
    option->summary = text_trim(line);
    return true;
}

/* "usage: fairlead COMMAND VERB ..." or a line below it; the verb may be several, "bash|zsh". */
static bool read_verb(struct text line, const char *command, struct text *verb)
{
    struct buffer wanted = {0};
    buffer_printf(&wanted, "fairlead %s ", command);
    ptrdiff_t at = text_find(line, buffer_text(&wanted));
    struct text rest = at != USAGE_COLUMN ? TEXT_NONE : text_slice(line, (size_t)at + wanted.size, line.size);
    buffer_free(&wanted);
    *verb = take_word(&rest);
    return verb->size > 0 && verb->data[0] >= 'a' && verb->data[0] <= 'z';
}

static void write_verbs(struct buffer *out, const struct command *command)
{
    struct text rest = text_of(command->usage), line, verb;
    while (text_split(&rest, '\n', &line)) {
        struct text one;
        if (!read_verb(line, command->name, &verb))
            continue;
        while (text_split(&verb, '|', &one))
            buffer_printf(out, "%s%.*s", out->size > 0 ? " " : "", TEXT_ARGS(one));
    }
}

/* Names of all options, or of those with this argument. */
static void write_options(struct buffer *out, const struct command *command, const enum argument *only)
{
    struct text rest = text_of(command->usage), line;
    struct option_line option;
    while (text_split(&rest, '\n', &line)) {
        if (read_option(line, &option) && (only == NULL || option.argument == *only))
            buffer_printf(out, "%s%.*s", out->size > 0 ? " " : "", TEXT_ARGS(option.name));
    }
}

/* ---- bash ---- */

static void print_bash_arguments(const struct command *command, enum argument argument, const char *action)
{
    struct buffer names = {0};
    struct text rest, name;
    write_options(&names, command, &argument);
    rest = buffer_text(&names);
    while (names.size > 0 && text_split(&rest, ' ', &name))
        printf("    %s/%.*s) %s; return ;;\n", command->name, TEXT_ARGS(name), action);
    buffer_free(&names);
}

static void print_bash(void)
{
    printf("# bash completion of fairlead\n_fairlead() {\n"
           "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=\n"
           "  COMPREPLY=()\n  case ${COMP_WORDS[1]}/$previous in\n");
    for (size_t i = 0; i < command_count; i++) {
        print_bash_arguments(&commands[i], ARGUMENT_FILE, "COMPREPLY=($(compgen -f -- \"$current\"))");
        print_bash_arguments(&commands[i], ARGUMENT_FOLDER, "COMPREPLY=($(compgen -d -- \"$current\"))");
        print_bash_arguments(&commands[i], ARGUMENT_TEXT, ":");
    }
    printf("  esac\n  case $COMP_CWORD/${COMP_WORDS[1]} in\n    1/*) words='");
    for (size_t i = 0; i < command_count; i++)
        printf("%s%s", i > 0 ? " " : "", commands[i].name);
    printf("' ;;\n");
    for (size_t i = 0; i < command_count; i++) {
        struct buffer verbs = {0}, options = {0};
        write_verbs(&verbs, &commands[i]);
        write_options(&options, &commands[i], NULL);
        if (verbs.size > 0)
            printf("    2/%s) words='%s' ;;\n", commands[i].name, buffer_string(&verbs));
        printf("    */%s) words='%s%s--help' ;;\n", commands[i].name, buffer_string(&options),
               options.size > 0 ? " " : "");
        buffer_free(&verbs);
        buffer_free(&options);
    }
    printf("  esac\n  if [[ $COMP_CWORD -gt 2 && $current != -* && ${COMP_WORDS[1]} = workflow ]]; then\n"
           "    COMPREPLY=($(compgen -f -- \"$current\"))\n  else\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n  fi\n}\n"
           "complete -o filenames -F _fairlead fairlead\n");
}

/* ---- zsh ---- */

/* Inside of single quotes and brackets. */
static void print_quoted(struct text text, const char *escaped)
{
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\'')
            printf("'\\''");
        else
            printf("%s%c", strchr(escaped, text.data[i]) != NULL ? "\\" : "", text.data[i]);
    }
}

static void print_zsh_options(const struct command *command)
{
    static const char *const actions[] = {"", ":value:", ":file:_files", ":folder:_files -/"};
    struct text rest = text_of(command->usage), line;
    struct option_line option;
    while (text_split(&rest, '\n', &line)) {
        if (!read_option(line, &option))
            continue;
        printf(" \\\n        '*%.*s[", TEXT_ARGS(option.name));
        print_quoted(option.summary, "[]\\:");
        printf("]%s'", actions[option.argument]);
    }
}

static void print_zsh(void)
{
    printf("#compdef fairlead\n_fairlead() {\n  local -a names\n  if (( CURRENT == 2 )); then\n    names=(");
    for (size_t i = 0; i < command_count; i++) {
        printf("\n      '%s:", commands[i].name);
        print_quoted(text_of(commands[i].summary), ":\\");
        printf("'");
    }
    printf(")\n    _describe command names\n    return\n  fi\n"
           "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n"
           "  case $command in\n");
    for (size_t i = 0; i < command_count; i++) {
        struct buffer verbs = {0};
        write_verbs(&verbs, &commands[i]);
        printf("    %s)\n", commands[i].name);
        if (verbs.size > 0)
            printf("      if (( CURRENT == 2 )); then\n        names=(%s)\n"
                   "        _describe verb names\n        return\n      fi\n"
                   "      shift words\n      (( CURRENT-- ))\n", buffer_string(&verbs));
        printf("      _arguments '--help[tell more]'");
        print_zsh_options(&commands[i]);
        printf("%s ;;\n", strcmp(commands[i].name, "workflow") == 0 ? " \\\n        '*:document:_files'" : "");
        buffer_free(&verbs);
    }
    printf("  esac\n}\n"
           "if [ \"$funcstack[1]\" = _fairlead ]; then _fairlead \"$@\"; else compdef _fairlead fairlead; fi\n");
}

/* ---- fish ---- */

static void print_fish_options(const struct command *command)
{
    static const char *const forms[] = {"", " -x", " -r -F", " -x -a '(__fish_complete_directories)'"};
    struct text rest = text_of(command->usage), line;
    struct option_line option;
    while (text_split(&rest, '\n', &line)) {
        if (!read_option(line, &option))
            continue;
        printf("complete -c fairlead -n '__fish_seen_subcommand_from %s' -l %.*s%s -d '", command->name,
               (int)option.name.size - 2, option.name.data + 2, forms[option.argument]);
        for (size_t i = 0; i < option.summary.size; i++)
            printf("%s%c", strchr("'\\", option.summary.data[i]) != NULL ? "\\" : "", option.summary.data[i]);
        printf("'\n");
    }
}

static void print_fish(void)
{
    printf("# fish completion of fairlead\ncomplete -c fairlead -f\n");
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = &commands[i];
        struct buffer verbs = {0};
        printf("complete -c fairlead -n __fish_use_subcommand -a %s -d '%s'\n", command->name, command->summary);
        write_verbs(&verbs, command);
        if (verbs.size > 0)
            printf("complete -c fairlead -n '__fish_seen_subcommand_from %s; and not __fish_seen_subcommand_from %s' "
                   "-a '%s'\n", command->name, buffer_string(&verbs), buffer_string(&verbs));
        if (verbs.size > 0 && strcmp(command->name, "workflow") == 0)
            printf("complete -c fairlead -n '__fish_seen_subcommand_from workflow; and __fish_seen_subcommand_from %s' "
                   "-F\n", buffer_string(&verbs));
        print_fish_options(command);
        buffer_free(&verbs);
    }
}

/* ---- the command ---- */

static const struct {
    const char *name;
    void (*print)(void);
} SHELLS[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

int completion_command(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
        fputs(completion_usage, stdout);
        return 0;
    }
    for (size_t i = 0; i < sizeof SHELLS / sizeof SHELLS[0]; i++) {
        if (strcmp(name, SHELLS[i].name) == 0) {
            SHELLS[i].print();
            return 0;
        }
    }
    fputs(completion_usage, stderr);
    return 2;
}
