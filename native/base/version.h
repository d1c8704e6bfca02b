// For the builder: the preprocessor's answer to which oneDNN is installed.
#include <oneapi/dnnl/dnnl_version.h>

oneDNN version DNNL_VERSION_MAJOR DNNL_VERSION_MINOR DNNL_VERSION_PATCH
