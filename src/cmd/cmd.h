/* cmd.h - the subcommands; each takes the arguments after its name and returns an exit code. */
#ifndef TARN_CMD_CMD_H
#define TARN_CMD_CMD_H

int cmd_serve(int argc, char **argv);
int cmd_up(int argc, char **argv);
int cmd_plan(int argc, char **argv);
int cmd_down(int argc, char **argv);
int cmd_outputs(int argc, char **argv);
int cmd_put(int argc, char **argv);
int cmd_tail(int argc, char **argv);
int cmd_sql(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_ls(int argc, char **argv);
int cmd_flush(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_help(int argc, char **argv);

#define TARN_VERSION "0.1.0"

#endif
