using DaprShop.Common;

namespace DaprShop.Web;

/// <summary>
/// People get a page where programs would get problem+json: for what does not exist, is refused or fails unexpectedly. Under <c>/api</c>
/// and <c>/health</c> there are programs.
/// </summary>
public static class FriendlyErrors
{
    public const string Path = "/oops";

    public static void Use(WebApplication app)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = Path, CreateScopeForErrors = true });
        app.UseStatusCodePagesWithReExecute(Path, createScopeForStatusCodePages: true);
        app.Use((context, next) =>
        {
            // Executed again for the page of the error, whatever the request was.
            if (context.Request.Path == Path) context.Request.Method = HttpMethods.Get;
            return next(context);
        });
        // Nearer to the endpoints, so what it has answered is left as it is.
        app.UseWhen(context => IsForPrograms(context.Request.Path), programs => programs.UseShopProblems());
    }

    private static bool IsForPrograms(PathString path) => path.StartsWithSegments("/api") || path.StartsWithSegments("/health");
}
