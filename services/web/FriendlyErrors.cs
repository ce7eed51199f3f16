namespace DaprShop.Web;

/// <summary>People get a page where programs would get problem+json: for what does not exist, is refused or fails unexpectedly.</summary>
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
    }
}
