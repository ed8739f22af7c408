/* glue_shapes.c - the request objects of the catalogue and their constraints, as tables.
 *
 * Source: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog.html and the pages next
 * to it. Order and grouping follow those pages. */
#include "api/glue/glue_check.h"

#define ANY INT64_MAX
#define END                                                                                        \
    { 0 }
#define NAME(n)                                                                                    \
    { .name = (n), .kind = GLUE_LINE, .min = 1, .max = 255 }
#define NEED_NAME(n)                                                                               \
    { .name = (n), .kind = GLUE_LINE, .required = true, .min = 1, .max = 255 }
#define UP_TO(n, k, limit)                                                                         \
    { .name = (n), .kind = (k), .max = (limit) }
#define OF(n, k, shape)                                                                            \
    { .name = (n), .kind = (k), .of = (shape) }
#define COUNT(n)                                                                                   \
    { .name = (n), .kind = GLUE_INT, .required = true, .max = ANY }
#define PLAIN(n, k)                                                                                \
    { .name = (n), .kind = (k) }

static const struct glue_shape names[] = {NAME("")};
static const struct glue_shape parameters[] = {NAME(""), UP_TO("", GLUE_STRING, 512000)};

/* ---- databases ---- */
static const struct glue_shape database[] = {
    NEED_NAME("Name"),
    UP_TO("Description", GLUE_TEXT, 2048),
    {.name = "LocationUri", .kind = GLUE_TEXT, .min = 1, .max = 1024},
    OF("Parameters", GLUE_MAP, parameters),
    PLAIN("CreateTableDefaultPermissions", GLUE_LIST),
    PLAIN("TargetDatabase", GLUE_STRUCT),
    PLAIN("FederatedDatabase", GLUE_STRUCT),
    END};
const struct glue_shape glue_shape_database = {
    .kind = GLUE_STRUCT, .required = true, .of = database};

/* ---- storage ---- */
static const struct glue_shape column[] = {NEED_NAME("Name"), UP_TO("Type", GLUE_LINE, 131072),
                                           UP_TO("Comment", GLUE_LINE, 255),
                                           OF("Parameters", GLUE_MAP, parameters), END};
static const struct glue_shape columns[] = {{.kind = GLUE_STRUCT, .of = column}};
static const struct glue_shape serde[] = {NAME("Name"), NAME("SerializationLibrary"),
                                          OF("Parameters", GLUE_MAP, parameters), END};
static const struct glue_shape order[] = {
    NEED_NAME("Column"), {.name = "SortOrder", .kind = GLUE_INT, .required = true, .max = 1}, END};
static const struct glue_shape orders[] = {{.kind = GLUE_STRUCT, .of = order}};
static const struct glue_shape skewed[] = {OF("SkewedColumnNames", GLUE_LIST, names),
                                           PLAIN("SkewedColumnValues", GLUE_LIST),
                                           PLAIN("SkewedColumnValueLocationMaps", GLUE_MAP), END};
static const struct glue_shape locations[] = {UP_TO("", GLUE_TEXT, 2056)};
static const struct glue_shape storage[] = {OF("Columns", GLUE_LIST, columns),
                                            UP_TO("Location", GLUE_TEXT, 2056),
                                            OF("AdditionalLocations", GLUE_LIST, locations),
                                            UP_TO("InputFormat", GLUE_LINE, 128),
                                            UP_TO("OutputFormat", GLUE_LINE, 128),
                                            PLAIN("Compressed", GLUE_BOOL),
                                            PLAIN("NumberOfBuckets", GLUE_INT),
                                            OF("SerdeInfo", GLUE_STRUCT, serde),
                                            OF("BucketColumns", GLUE_LIST, names),
                                            OF("SortColumns", GLUE_LIST, orders),
                                            OF("Parameters", GLUE_MAP, parameters),
                                            OF("SkewedInfo", GLUE_STRUCT, skewed),
                                            PLAIN("StoredAsSubDirectories", GLUE_BOOL),
                                            PLAIN("SchemaReference", GLUE_STRUCT),
                                            END};

/* ---- tables ---- */
static const struct glue_shape table[] = {NEED_NAME("Name"),
                                          UP_TO("Description", GLUE_TEXT, 2048),
                                          NAME("Owner"),
                                          PLAIN("LastAccessTime", GLUE_TIME),
                                          PLAIN("LastAnalyzedTime", GLUE_TIME),
                                          UP_TO("Retention", GLUE_INT, ANY),
                                          OF("StorageDescriptor", GLUE_STRUCT, storage),
                                          OF("PartitionKeys", GLUE_LIST, columns),
                                          UP_TO("ViewOriginalText", GLUE_STRING, 409600),
                                          UP_TO("ViewExpandedText", GLUE_STRING, 409600),
                                          UP_TO("TableType", GLUE_STRING, 255),
                                          OF("Parameters", GLUE_MAP, parameters),
                                          PLAIN("TargetTable", GLUE_STRUCT),
                                          PLAIN("ViewDefinition", GLUE_STRUCT),
                                          END};
const struct glue_shape glue_shape_table = {.kind = GLUE_STRUCT, .required = true, .of = table};

/* ---- partitions ---- */
static const struct glue_shape values[] = {
    {.kind = GLUE_STRING, .required = true, .min = 1, .max = 1024}};
const struct glue_shape glue_shape_values = {.kind = GLUE_LIST, .required = true, .of = values};
static const struct glue_shape value_list[] = {
    {.name = "Values", .kind = GLUE_LIST, .required = true, .of = values}, END};
static const struct glue_shape value_lists[] = {
    {.kind = GLUE_STRUCT, .required = true, .of = value_list}};
const struct glue_shape glue_shape_value_lists = {.kind = GLUE_LIST, .of = value_lists};
static const struct glue_shape partition[] = {OF("Values", GLUE_LIST, values),
                                              PLAIN("LastAccessTime", GLUE_TIME),
                                              OF("StorageDescriptor", GLUE_STRUCT, storage),
                                              OF("Parameters", GLUE_MAP, parameters),
                                              PLAIN("LastAnalyzedTime", GLUE_TIME),
                                              END};
const struct glue_shape glue_shape_partition = {
    .kind = GLUE_STRUCT, .required = true, .of = partition};
static const struct glue_shape partitions[] = {
    {.kind = GLUE_STRUCT, .required = true, .of = partition}};
const struct glue_shape glue_shape_partitions = {.kind = GLUE_LIST, .of = partitions};
static const struct glue_shape entry[] = {
    {.name = "PartitionValueList", .kind = GLUE_LIST, .required = true, .max = 100, .of = values},
    {.name = "PartitionInput", .kind = GLUE_STRUCT, .required = true, .of = partition},
    END};
static const struct glue_shape entries[] = {{.kind = GLUE_STRUCT, .required = true, .of = entry}};
const struct glue_shape glue_shape_partition_entries = {.kind = GLUE_LIST, .of = entries};

/* ---- column statistics ---- */
static const struct glue_shape booleans[] = {COUNT("NumberOfTrues"), COUNT("NumberOfFalses"),
                                             COUNT("NumberOfNulls"), END};
static const struct glue_shape dates[] = {PLAIN("MinimumValue", GLUE_TIME),
                                          PLAIN("MaximumValue", GLUE_TIME), COUNT("NumberOfNulls"),
                                          COUNT("NumberOfDistinctValues"), END};
static const struct glue_shape decimal[] = {
    {.name = "UnscaledValue", .kind = GLUE_STRING, .required = true},
    {.name = "Scale", .kind = GLUE_INT, .required = true},
    END};
static const struct glue_shape decimals[] = {
    OF("MinimumValue", GLUE_STRUCT, decimal), OF("MaximumValue", GLUE_STRUCT, decimal),
    COUNT("NumberOfNulls"), COUNT("NumberOfDistinctValues"), END};
static const struct glue_shape doubles[] = {
    PLAIN("MinimumValue", GLUE_NUMBER), PLAIN("MaximumValue", GLUE_NUMBER), COUNT("NumberOfNulls"),
    COUNT("NumberOfDistinctValues"), END};
static const struct glue_shape longs[] = {PLAIN("MinimumValue", GLUE_INT),
                                          PLAIN("MaximumValue", GLUE_INT), COUNT("NumberOfNulls"),
                                          COUNT("NumberOfDistinctValues"), END};
#define AVERAGE                                                                                    \
    { .name = "AverageLength", .kind = GLUE_NUMBER, .required = true, .max = ANY }
static const struct glue_shape strings[] = {COUNT("MaximumLength"), AVERAGE, COUNT("NumberOfNulls"),
                                            COUNT("NumberOfDistinctValues"), END};
static const struct glue_shape binaries[] = {COUNT("MaximumLength"), AVERAGE,
                                             COUNT("NumberOfNulls"), END};
static const struct glue_shape data[] = {
    {.name = "Type",
     .kind = GLUE_ENUM,
     .required = true,
     .values = "BOOLEAN|DATE|DECIMAL|DOUBLE|LONG|STRING|BINARY"},
    OF("BooleanColumnStatisticsData", GLUE_STRUCT, booleans),
    OF("DateColumnStatisticsData", GLUE_STRUCT, dates),
    OF("DecimalColumnStatisticsData", GLUE_STRUCT, decimals),
    OF("DoubleColumnStatisticsData", GLUE_STRUCT, doubles),
    OF("LongColumnStatisticsData", GLUE_STRUCT, longs),
    OF("StringColumnStatisticsData", GLUE_STRUCT, strings),
    OF("BinaryColumnStatisticsData", GLUE_STRUCT, binaries),
    END};
static const struct glue_shape statistics[] = {
    NEED_NAME("ColumnName"),
    {.name = "ColumnType", .kind = GLUE_LINE, .required = true, .max = 20000},
    {.name = "AnalyzedTime", .kind = GLUE_TIME, .required = true},
    {.name = "StatisticsData", .kind = GLUE_STRUCT, .required = true, .of = data},
    END};
static const struct glue_shape statistics_list[] = {
    {.kind = GLUE_STRUCT, .required = true, .of = statistics}};
const struct glue_shape glue_shape_statistics = {.kind = GLUE_LIST, .of = statistics_list};
const struct glue_shape glue_shape_column_names = {.kind = GLUE_LIST, .of = names};

/* ---- partition indexes ---- */
static const struct glue_shape index_members[] = {
    {.name = "Keys", .kind = GLUE_LIST, .required = true, .min = 1, .max = ANY, .of = names},
    NEED_NAME("IndexName"),
    END};
const struct glue_shape glue_shape_index = {
    .kind = GLUE_STRUCT, .required = true, .of = index_members};
static const struct glue_shape indexes[] = {
    {.kind = GLUE_STRUCT, .required = true, .of = index_members}};
const struct glue_shape glue_shape_indexes = {.kind = GLUE_LIST, .of = indexes};

/* ---- functions ---- */
static const struct glue_shape resource[] = {
    {.name = "ResourceType", .kind = GLUE_ENUM, .values = "JAR|FILE|ARCHIVE"},
    {.name = "Uri", .kind = GLUE_TEXT, .min = 1, .max = 1024},
    END};
static const struct glue_shape resources[] = {
    {.kind = GLUE_STRUCT, .required = true, .of = resource}};
static const struct glue_shape function[] = {
    NAME("FunctionName"),
    NAME("ClassName"),
    NAME("OwnerName"),
    {.name = "FunctionType",
     .kind = GLUE_ENUM,
     .values = "REGULAR_FUNCTION|AGGREGATE_FUNCTION|STORED_PROCEDURE"},
    {.name = "OwnerType", .kind = GLUE_ENUM, .values = "USER|ROLE|GROUP"},
    {.name = "ResourceUris", .kind = GLUE_LIST, .max = 1000, .of = resources},
    END};
const struct glue_shape glue_shape_function = {
    .kind = GLUE_STRUCT, .required = true, .of = function};

/* ---- tags ---- */
static const struct glue_shape tag[] = {{.kind = GLUE_STRING, .min = 1, .max = 128},
                                        {.kind = GLUE_STRING, .max = 256}};
const struct glue_shape glue_shape_tags = {.kind = GLUE_MAP, .max = 50, .of = tag};
const struct glue_shape glue_shape_tag_keys = {.kind = GLUE_LIST, .max = 50, .of = tag};

/* ---- settings ---- */
static const struct glue_shape at_rest[] = {
    {.name = "CatalogEncryptionMode",
     .kind = GLUE_ENUM,
     .required = true,
     .values = "DISABLED|SSE-KMS|SSE-KMS-WITH-SERVICE-ROLE"},
    NAME("SseAwsKmsKeyId"),
    PLAIN("CatalogEncryptionServiceRole", GLUE_STRING),
    END};
static const struct glue_shape passwords[] = {
    {.name = "ReturnConnectionPasswordEncrypted", .kind = GLUE_BOOL, .required = true},
    NAME("AwsKmsKeyId"),
    END};
static const struct glue_shape encryption[] = {
    OF("EncryptionAtRest", GLUE_STRUCT, at_rest),
    OF("ConnectionPasswordEncryption", GLUE_STRUCT, passwords), END};
const struct glue_shape glue_shape_encryption = {
    .kind = GLUE_STRUCT, .required = true, .of = encryption};

/* ---- search ---- */
#define WORD(n)                                                                                    \
    { .name = (n), .kind = GLUE_STRING, .min = 1, .max = 1024 }
static const struct glue_shape filter[] = {
    WORD("Key"),
    WORD("Value"),
    {.name = "Comparator",
     .kind = GLUE_ENUM,
     .values = "EQUALS|GREATER_THAN|LESS_THAN|GREATER_THAN_EQUALS|LESS_THAN_EQUALS"},
    END};
static const struct glue_shape filters[] = {{.kind = GLUE_STRUCT, .required = true, .of = filter}};
const struct glue_shape glue_shape_filters = {.kind = GLUE_LIST, .of = filters};
static const struct glue_shape sort[] = {
    WORD("FieldName"), {.name = "Sort", .kind = GLUE_ENUM, .values = "ASC|DESC"}, END};
static const struct glue_shape sorts[] = {{.kind = GLUE_STRUCT, .required = true, .of = sort}};
const struct glue_shape glue_shape_sort = {.kind = GLUE_LIST, .max = 1, .of = sorts};
