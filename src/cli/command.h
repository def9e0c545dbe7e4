/*
 * command.h - the subcommands of the program, one file each. Each takes the arguments from its own name on and
 * returns the exit status.
 */
#pragma once

int keys_command(int argc, char **argv);
int projects_command(int argc, char **argv);
int serve_command(int argc, char **argv);
int version_command(int argc, char **argv);
int workflow_command(int argc, char **argv);
