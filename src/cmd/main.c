/* main.c - the tarn command: finds the subcommand and hands over. */
int main(void) {
    return 0;
}
