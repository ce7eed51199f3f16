using DaprShop.Local.Configuration;

namespace DaprShop.Local.Faults;

/// <summary>
/// <c>/faults</c> of the control port. <c>PUT</c> sets the faults of its body (a fault file, YAML
/// or JSON) instead of those before, <c>DELETE</c> lifts all, <c>GET</c> tells how often each was met.
/// </summary>
internal static class FaultControl
{
    public static void MapFaults(this IEndpointRouteBuilder routes, FaultPlan plan)
    {
        var faults = routes.MapGroup("/faults");
        faults.MapGet("", () => TypedResults.Json(plan.Report().Select(row => new
        {
            row.Fault.App,
            On = Name(row.Fault.On),
            row.Fault.Match,
            When = Name(row.Fault.When),
            Do = Name(row.Fault.Do),
            row.Seen,
            row.Hit,
        })));
        faults.MapDelete("", () =>
        {
            plan.Set(FaultFile.Empty);
            return Results.NoContent();
        });
        faults.MapPut("", async (HttpRequest request) =>
        {
            using var body = new StreamReader(request.Body);
            try
            {
                plan.Set(FaultFile.Parse(await body.ReadToEndAsync(request.HttpContext.RequestAborted), "body"));
                return Results.NoContent();
            }
            catch (ConfigurationError error)
            {
                return Results.Text(error.Message, statusCode: StatusCodes.Status400BadRequest);
            }
        });
    }

    private static string Name<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
