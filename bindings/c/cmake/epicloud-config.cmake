# The CMake package of epicloud, installed as <prefix>/share/epicloud/cmake/epicloud-config.cmake.
# Gives the target epicloud::epicloud, which is the shared library where there is one.

get_filename_component(_epicloud_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

find_path(EPICLOUD_INCLUDE_DIR epicloud.h HINTS "${_epicloud_prefix}/include" NO_DEFAULT_PATH)
find_library(EPICLOUD_LIBRARY epicloud
    HINTS "${_epicloud_prefix}/lib" "${_epicloud_prefix}/lib64" "${_epicloud_prefix}/lib/${CMAKE_LIBRARY_ARCHITECTURE}"
    NO_DEFAULT_PATH)

if(NOT EPICLOUD_INCLUDE_DIR OR NOT EPICLOUD_LIBRARY)
    set(epicloud_FOUND FALSE)
    set(epicloud_NOT_FOUND_MESSAGE "epicloud.h or the library is missing below ${_epicloud_prefix}")
    return()
endif()

# The version is the header's, so that it is written in one place.
file(STRINGS "${EPICLOUD_INCLUDE_DIR}/epicloud.h" _epicloud_version REGEX "^#define EPI_VERSION \"")
string(REGEX REPLACE ".*\"(.*)\"" "\\1" epicloud_VERSION "${_epicloud_version}")

if(NOT TARGET epicloud::epicloud)
    find_package(Threads REQUIRED)
    add_library(epicloud::epicloud UNKNOWN IMPORTED)
    set_target_properties(epicloud::epicloud PROPERTIES
        IMPORTED_LOCATION "${EPICLOUD_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${EPICLOUD_INCLUDE_DIR}"
        INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};$<$<PLATFORM_ID:Linux>:m>")
endif()
unset(_epicloud_prefix)
unset(_epicloud_version)
