/*
 * Runs a workflow document through the library, as a program of somebody else would. Usage: example DOCUMENT SERVER
 * INPUTS. Prints a line for each step, then the outputs or what went wrong; ends with the outcome.
 */
#include <fairlead_arazzo.h>
#include <stdio.h>
#include <stdlib.h>

static char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(1 << 20);
    if (file == NULL || text == NULL) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(EXIT_FAILURE);
    }
    *size = fread(text, 1, 1 << 20, file);
    fclose(file);
    return text;
}

static void print_step(void *user, const struct fairlead_arazzo_step *step)
{
    int *count = user;
    ++*count;
    printf("%d %s.%s: %s %d%s%s\n", *count, step->workflow_id, step->step_id, step->method ? step->method : "-",
           step->status, step->failure ? " " : "", step->failure ? step->failure : "");
}

static void print_problems(const struct fairlead_arazzo_document *document)
{
    for (size_t i = 0; i < fairlead_arazzo_problem_count(document); i++) {
        struct fairlead_arazzo_problem problem = fairlead_arazzo_problem(document, i);
        printf("%s, line %d, %s: %s (%s)\n", problem.is_error ? "error" : "warning", problem.line, problem.place,
               problem.sentence, problem.rule);
    }
}

int main(int argc, char **argv)
{
    size_t size;
    int steps = 0;
    if (argc != 4)
        return EXIT_FAILURE;
    char *text = read_whole(argv[1], &size);
    struct fairlead_arazzo_document *document = fairlead_arazzo_read(text, size, argv[1]);
    free(text);
    print_problems(document);
    for (size_t i = 0; i < fairlead_arazzo_workflow_count(document); i++) {
        const char *id = fairlead_arazzo_workflow_id(document, i);
        printf("workflow %s\n", id != NULL ? id : "?");
    }
    struct fairlead_arazzo_options options = {
        .server = argv[2], .inputs = argv[3], .key = "very-secret-key", .step_ended = print_step, .user = &steps};
    struct fairlead_arazzo_result *result = fairlead_arazzo_run(document, &options);
    int outcome = (int)fairlead_arazzo_outcome(result);
    printf("outputs %s\n", fairlead_arazzo_outputs(result));
    printf("report %s\n", fairlead_arazzo_report(result));
    if (fairlead_arazzo_failure(result) != NULL)
        printf("failure %s\n", fairlead_arazzo_failure(result));
    fairlead_arazzo_result_free(result);
    fairlead_arazzo_free(document);
    return outcome;
}
