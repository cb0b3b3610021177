/* power_cut DIRECTORY: ext4 forgets everything that it has not written to its disk, as if the power had gone. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

#define EXT4_IOC_SHUTDOWN _IOR('X', 125, uint32_t)
#define WITHOUT_WRITING_THE_LOG 2

int main(int count, char **words) {
  uint32_t how = WITHOUT_WRITING_THE_LOG;
  int directory = count == 2 ? open(words[1], O_RDONLY | O_DIRECTORY) : -1;
  if (directory < 0 || ioctl(directory, EXT4_IOC_SHUTDOWN, &how) != 0) {
    perror("power_cut");
    return 1;
  }
  return 0;
}
